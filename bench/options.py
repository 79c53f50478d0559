"""What a run of the bench is asked for, handed to each figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# In the order in which they run and are shown: more and more applications, so that none is removed for the next one.
FIGURES = (
    "throughput", "isolation", "poisoned", "sweep", "drift", "edits", "repair", "memory",
    "pages", "permissions", "audit",
)  # fmt: skip
REPEATS = 5


@dataclass(frozen=True)
class Options:
    """None: the figure's own number, the one that the targets are meant for. `say` tells how far it has come."""

    say: Callable[[str], None]
    applications: int | None = None
    repeats: int = REPEATS
    seconds: float | None = None
