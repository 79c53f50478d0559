"""What would stand in a demo's way, all of it at once, before anything is started. Standard library only."""

import fcntl
import re
import shutil
import socket
import sys
from pathlib import Path

from deploy.control_plane import records
from deploy.lab import addresses, paths, prerequisites
from deploy.lab.commands import run
from deploy.lab.errors import LabError
from deploy.lab.processes import Processes

from . import image, people
from .config import LAB_MODE, Config
from .members import QUICK, own

GIGA = 1 << 30
# Go's module and build caches, the programs, images and the clusters' own disks; then only the last.
COLD_DISK, WARM_DISK = 14 * GIGA, 4 * GIGA
LAB_MEMORY, OWN_MEMORY = 3 * GIGA, GIGA
BY_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")


def problems(config: Config) -> list[str]:
    """Everything that is missing or in the way, in words; [] when the demo may begin."""
    found = [] if sys.version_info >= (3, 11) else [f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}"]
    found += busy(config.lock)
    found += _other(config)
    found += _port(config)
    found += _lab(config.lab) if config.mode == LAB_MODE else _own(config)
    found += _room(config)
    return found


def check(config: Config) -> None:
    """LabError that lists the problems, if there are any."""
    found = problems(config)
    if found:
        raise LabError("the demo can't start:\n  " + "\n  ".join(found))


def busy(lock: Path) -> list[str]:
    """Whether another command works on the same demo."""
    if not lock.exists():
        return []
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return ["another `make demo` or `make down` is at work: wait for it, or end it"]
    return []


def _other(config: Config) -> list[str]:
    known = config.remembered()
    if people.PROVIDER in known.get("parts", ()) and known["port"] != config.port:
        way = f"PORT={known['port']} make demo, or `make down`"
        return [f"Keycloak sends people of this demo back to port {known['port']}: {way}"]
    if not known or (known["mode"], known["kubeconfigs"]) == (config.mode, [str(each) for each in config.kubeconfigs]):
        return []
    there = "the lab" if known["mode"] == LAB_MODE else ", ".join(known["kubeconfigs"])
    return [f"a demo with other clusters is there ({there}): `make down` ends it"]


def _port(config: Config) -> list[str]:
    if free(config.port) or records.all_running(config.state / "control-plane", "web"):
        return []
    return [f"port {config.port} is taken{_holder(config.port)}: PORT=8010 make demo uses another one"]


def free(port: int) -> bool:
    """Whether one may listen there on loopback."""
    with socket.socket() as tried:
        # As the servers do: connections of a former one that are still being closed are no hindrance.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    """Who has the port, if that can be found out."""
    if shutil.which("ss") is None:
        return ""
    said = run(["ss", "--tcp", "--listening", "--processes", "--no-header", f"sport = :{port}"], check=False)
    found = re.search(r'"([^"]+)",pid=(\d+)', said)
    return f" by {found[1]} (pid {found[2]})" if found else ""


def _lab(name: str) -> list[str]:
    found = []
    try:
        prerequisites.check()
    except LabError as error:
        found += [line.strip() for line in str(error).splitlines()[1:]] or [str(error)]
    if not image.installed() and not prerequisites.there("apt-get"):
        found.append("no buildah, and no apt-get to install it")
    processes = Processes(paths.Paths(name))
    for cluster in addresses.plan(name, 0).clusters:
        if not free(cluster.forward_port) and not processes.running(f"{cluster.name}/forward"):
            found.append(f"port {cluster.forward_port} is taken{_holder(cluster.forward_port)}: the lab needs it")
    return found


def _own(config: Config) -> list[str]:
    found = []
    if not config.image:
        found.append(
            "IMAGE=… is needed: the sample application (examples/hello) by digest, where your clusters pull it"
        )
    elif not BY_DIGEST.fullmatch(config.image):
        found.append(f"IMAGE={config.image} is no digest: it must end in @sha256: and 64 hexadecimal digits")
    missing = [str(each) for each in config.kubeconfigs if not each.is_file()]
    if missing:
        return [*found, f"no such kubeconfig: {', '.join(missing)}"]
    try:
        for member in own(config):
            member.ask(QUICK, "get", "--raw", "/version")
    except LabError as error:
        found.append(str(error))
    return found


def _room(config: Config) -> list[str]:
    """Disk and memory, if nothing of the demo runs yet."""
    if records.all_running(config.state / "control-plane"):
        return []
    cold = not list((paths.cache_folder() / "go").glob("kubernetes-*"))
    lab = config.mode == LAB_MODE
    disk, memory = (COLD_DISK if cold else WARM_DISK, LAB_MEMORY) if lab else (GIGA, OWN_MEMORY)
    found = []
    for place in {_existing(config.state), _existing(paths.cache_folder())} if lab else {_existing(config.state)}:
        left = shutil.disk_usage(place).free
        if left < disk:
            found.append(f"{left / GIGA:.1f} GiB free at {place}: {disk / GIGA:.0f} are needed")
    left = available_memory()
    if left < memory and not (lab and Processes(paths.Paths(config.lab)).running("east/apiserver")):
        found.append(f"{left / GIGA:.1f} GiB of memory available: {memory / GIGA:.0f} are needed")
    return found


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def available_memory() -> int:
    """Bytes that programs may still take."""
    rows = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    return int(rows["MemAvailable"].split()[0]) * 1024
