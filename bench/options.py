"""What a run of the bench is asked for, handed to each figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """None: the figure's own number, the one that the targets are meant for. `say` tells how far it has come."""

    say: Callable[[str], None]
    applications: int | None = None
    repeats: int | None = None
    seconds: float | None = None
