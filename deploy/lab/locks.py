"""File locks, and the table of slots that one of them guards."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import paths
from .addresses import SLOTS
from .errors import LabError

RESERVED = {"demo": 0, "test": 1}


@contextmanager
def locked(path: Path, waiting: str = "") -> Iterator[None]:
    """Hold a lock that the kernel gives up when its holder dies, however it dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                print(waiting, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _table() -> Path:
    return paths.ROOT / "slots.json"


def _read() -> dict[str, int]:
    try:
        taken: dict[str, int] = json.loads(_table().read_text())
    except FileNotFoundError:
        return {}
    return taken


def known_slot(name: str) -> int | None:
    """The slot of a lab that has one; reads only."""
    return RESERVED[name] if name in RESERVED else _read().get(name)


def take_slot(name: str) -> int:
    if name in RESERVED:
        return RESERVED[name]
    with locked(paths.ROOT / "locks" / "slots"):
        taken = _read()
        if name not in taken:
            taken[name] = free_slot(taken)
            paths.write_json(_table(), taken)
        return taken[name]


def free_slot(taken: dict[str, int]) -> int:
    """The lowest slot that is neither taken nor reserved. Pure."""
    used = {*taken.values(), *RESERVED.values()}
    for slot in range(SLOTS):
        if slot not in used:
            return slot
    raise LabError(f"all {SLOTS} slots are taken by the labs {', '.join(sorted(taken))}: take one down")


def release_slot(name: str) -> None:
    with locked(paths.ROOT / "locks" / "slots"):
        taken = _read()
        if taken.pop(name, None) is not None:
            paths.write_json(_table(), taken)
