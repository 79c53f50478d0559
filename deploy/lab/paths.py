"""Where a lab keeps its state, and where every lab of this user keeps what was built or downloaded."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import LabError

ROOT = Path("/var/lib/dougong")
HERE = Path(__file__).resolve().parent


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dougong"


@dataclass(frozen=True)
class Paths:
    """The folders of one lab. The name alone decides, so every checkout finds the same lab."""

    name: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,15}", self.name):
            raise LabError(f"{self.name!r} is no name for a lab: a letter, then at most 15 of a-z, 0-9 and -")

    @property
    def state(self) -> Path:
        return ROOT / "labs" / self.name

    @property
    def lock(self) -> Path:
        return ROOT / "locks" / f"{self.name}.lock"

    def of(self, path: str) -> Path:
        """The folder of a cluster, node or part (`east`, `east/worker-1`, `postgres`), made if need be."""
        folder = self.state / path
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def write(path: Path, content: str | bytes, mode: int = 0o644) -> Path:
    """Write a file whole or not at all: a reader, or an `up` after a kill, never meets half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    half.write_bytes(content.encode() if isinstance(content, str) else content)
    half.chmod(mode)
    half.replace(path)
    return path


def write_json(path: Path, content: Any, mode: int = 0o644) -> Path:
    return write(path, json.dumps(content, indent=1) + "\n", mode)
