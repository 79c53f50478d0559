"""What the machine must have: missing Debian packages are installed, all else is named before anything starts."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from . import leftovers, locks, paths
from .commands import run
from .errors import LabError

# Debian package -> a program (or file) that shows that it is there.
PACKAGES = {
    "ca-certificates": "/etc/ssl/certs/ca-certificates.crt",
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/ptp",
    "conntrack": "conntrack",
    "iptables": "iptables",
    "iproute2": "ip",
    "util-linux": "nsenter",
    "openssl": "openssl",
    "debootstrap": "debootstrap",
    "busybox-static": "busybox",
    "docker-registry": "docker-registry",
    "socat": "socat",
    "python3-pip": "pip3",
}
LIMITS = {
    Path("/proc/sys/fs/inotify/max_user_instances"): 8192,
    Path("/proc/sys/fs/inotify/max_user_watches"): 524288,
}


def there(proof: str) -> bool:
    return Path(proof).exists() if proof.startswith("/") else shutil.which(proof) is not None


def require_root() -> None:
    if os.geteuid() != 0:
        raise LabError("the lab makes network namespaces and mounts: it must be run as root")


def check() -> None:
    """Name everything at once that is missing and can't be installed from here."""
    require_root()
    problems = []
    if not there("go"):
        problems.append("no `go` on the PATH: Go 1.26 or later builds Kubernetes")
    if not leftovers.hierarchies():
        problems.append("no version 1 cgroups: the lab was only ever run on those")
    if not Path("/proc/self/ns/net").exists():
        problems.append("no network namespaces in this kernel")
    if not there("apt-get"):
        missing = {package: proof for package, proof in PACKAGES.items() if not there(proof)}
        problems += [f"no {proof}, and no apt-get to install {package}" for package, proof in missing.items()]
    if problems:
        raise LabError("the lab can't start here:\n  " + "\n  ".join(problems))


def raise_limits() -> None:
    """Runtimes, kubelets and proxies all watch files as one user: the usual 128 watchers are too few for three labs."""
    for limit, least in LIMITS.items():
        if int(limit.read_text()) < least:
            limit.write_text(str(least))


def install(extra: Iterable[tuple[str, str]] = ()) -> None:
    """Install the Debian packages that are missing, and say so."""
    missing = [package for package, proof in [*PACKAGES.items(), *extra] if not there(proof)]
    if not missing:
        return
    with locks.locked(paths.ROOT / "locks" / "apt"):
        print(f"installing Debian packages: {' '.join(missing)}", flush=True)
        # A package's own service must not start: the lab runs these programs itself.
        quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        run(["apt-get", "update"], env=quiet)
        run(["apt-get", "install", "--yes", "--no-install-recommends", *missing], env=quiet)
