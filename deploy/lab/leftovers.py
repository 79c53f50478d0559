"""What the kernel keeps of a node after its processes: mounts and cgroups, made and taken away here."""

import os
import re
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path

from .commands import run, until
from .errors import LabError
from .processes import Identity, end, identify

MOUNTS = Path("/proc/self/mounts")
CONTAINER_LOGS = Path("/var/log/containers")


def hierarchies() -> list[Path]:
    """The mount points of the version 1 cgroup hierarchies."""
    rows = (line.split() for line in MOUNTS.read_text().splitlines())
    return [Path(row[1]) for row in rows if row[2] == "cgroup"]


def make_cgroup(name: str) -> None:
    """A node's own cgroup in every hierarchy: under a shared one, two kubelets kill each other's pods as orphans."""
    for hierarchy in hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (group / setting).exists():
                (group / setting).write_text((hierarchy / setting).read_text())


def _members(group: Path) -> list[Identity]:
    found: list[Identity] = []
    for folder, _, _ in os.walk(group):
        try:
            pids = Path(folder, "cgroup.procs").read_text().split()
        except OSError:
            continue
        found += [identity for identity in map(identify, map(int, pids)) if identity]
    return found


def empty_cgroup(name: str) -> None:
    """End every process of a node's pods."""
    for hierarchy in hierarchies():
        _thaw(hierarchy / name)
        end(_members(hierarchy / name), 0, f"pods of {name}")


def _thaw(group: Path) -> None:
    """A process in a frozen cgroup can't even be killed."""
    for folder, _, _ in os.walk(group):
        state = Path(folder, "freezer.state")
        if state.exists():
            state.write_text("THAWED")


def remove_cgroup(name: str) -> None:
    for hierarchy in hierarchies():
        group = hierarchy / name
        if group.exists():
            until(partial(_removed, group), f"removal of {group}", 10)


def _removed(group: Path) -> bool:
    """A group counts as busy for a moment after its last process has gone."""
    try:
        for folder, _, _ in os.walk(group, topdown=False):
            Path(folder).rmdir()
    except OSError:
        return False
    return not group.exists()


def mounts_under(folder: Path) -> list[str]:
    """Mount points under a folder, the innermost and latest first."""
    points = [_unescape(line.split()[1]) for line in MOUNTS.read_text().splitlines()]
    return [point for point in reversed(points) if point == str(folder) or point.startswith(f"{folder}/")]


def _unescape(point: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point)


def unmount(folder: Path) -> None:
    for point in mounts_under(folder):
        # Lazily: what is being unmounted has no user left, but the kernel may take a moment to see it.
        run(["umount", "--lazy", point], check=False)
    left = mounts_under(folder)
    if left:
        raise LabError(f"still mounted: {', '.join(left)}")


def remove_volumes(etcd: Path, volumes: Path) -> None:
    """Remove the volumes of a cluster whose etcd is stopped.

    The controller manager's provisioner has one fixed folder for all clusters of a machine; which of its volumes are
    this cluster's is written in the cluster's data only.
    """
    pattern = re.compile(re.escape(str(volumes)).encode() + rb"/[0-9a-f-]{36}")
    mine: set[bytes] = set()
    for file in etcd.rglob("*"):
        if file.is_file():
            mine.update(pattern.findall(file.read_bytes()))
    for path in mine:
        shutil.rmtree(os.fsdecode(path), ignore_errors=True)
    with suppress(OSError):  # Other clusters' volumes stay, or somebody was quicker.
        volumes.rmdir()


def remove_dangling_logs(cluster: Path) -> None:
    """A kubelet also links each container's log in one fixed folder."""
    for link in CONTAINER_LOGS.glob("*") if CONTAINER_LOGS.exists() else ():
        with suppress(FileNotFoundError):  # another cluster's, which has just removed it
            if link.is_symlink() and str(link.readlink()).startswith(f"{cluster}/"):
                link.unlink()
