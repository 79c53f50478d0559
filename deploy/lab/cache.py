"""Things made once for every lab of this user: whole or not at all, by one maker at a time."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from . import leftovers, locks
from .processes import MARK, end, marked


def digest(parts: Iterable[str | bytes]) -> str:
    """A short hash of contents, each told apart from the next."""
    total = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()[:16]


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Make the folder unless it is there. `make` fills the folder that it is given, which is then renamed."""
    if folder.exists():
        return folder
    with locks.locked(folder.with_name(f".{folder.name}.lock"), f"waiting for another maker of {folder.name}"):
        if folder.exists():
            return folder
        half = folder.with_name(f"{folder.name}.half")
        # A maker that was killed may have left children that still write, and a chroot's mounts.
        end(list(marked(str(half))), 0, f"a killed maker of {folder.name}")
        leftovers.unmount(half)
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        make(half)
        half.rename(folder)
    return folder


def mark(half: Path) -> dict[str, str]:
    """The environment for programs that fill a folder, by which they are found again."""
    return {MARK: str(half)}
