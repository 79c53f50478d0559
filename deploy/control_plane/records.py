"""Who runs: a file for each process in the group's folder, and a mark in each process's environment.

The supervisor writes the files, the handle reads them. Either finds what the other misses: a crash may come between a
start and its record, and a program may write its title over its environment.
"""

import json
from pathlib import Path

from deploy.lab import paths
from deploy.lab.processes import Identity, boot, end, identify, marked

SUPERVISOR = "supervisor"


def mark(folder: Path, name: str = "") -> str:
    """The mark of a process of the group, or the one under which all marks of the group lie."""
    return f"{folder}/{name}" if name else str(folder)


def note(folder: Path, name: str, pid: int) -> bool:
    """Write down that a process runs; false when it has ended already."""
    identity = identify(pid)
    if identity is None:
        return False
    known = {"pid": identity.pid, "start": identity.start, "boot": boot()}
    paths.write_json(folder / "run" / f"{name}.json", known)
    return True


def running(folder: Path, name: str) -> Identity | None:
    """The process of that name, if it runs now."""
    try:
        known = json.loads((folder / "run" / f"{name}.json").read_text())
    except FileNotFoundError:
        return None
    identity = Identity(known["pid"], known["start"])
    return identity if known["boot"] == boot() and identity.alive() else None


def all_running(folder: Path, name: str = "") -> list[Identity]:
    """Every process of that name, or of the group: the one noted, and its children."""
    names = [name] if name else [file.stem for file in (folder / "run").glob("[!.]*.json")]
    noted = (running(folder, each) for each in names)
    return list({*(each for each in noted if each), *marked(mark(folder, name))})


def end_all(folder: Path, name: str = "", *, grace: float = 0) -> None:
    """End them, children that outlived their parent too."""
    end(all_running(folder, name), grace, name or f"the processes of {folder}")
