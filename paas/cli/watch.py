"""Looks at something again and again until it is as wanted, or until a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from paas.cli.errors import DeadlineError, UnreachableError

T = TypeVar("T")


@dataclass(frozen=True)
class Clock:
    """Time as the watching sees it; tests bring their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Watch(Generic[T]):
    """What is looked at, how long (seconds) and how often; a control plane that is away for a moment is waited for."""

    look: Callable[[], T]
    done: Callable[[T], bool]
    seconds: float
    timeout: DeadlineError
    every: float = 1.0
    clock: Clock = Clock()

    def __iter__(self) -> Iterator[T]:
        """Each sight, the wanted one last.

        Raises:
            DeadlineError: `timeout`, where the deadline passed.
            UnreachableError: where it passed without an answer at the end.
        """
        deadline = self.clock.now() + self.seconds
        while True:
            away: UnreachableError | None = None
            try:
                sight = self.look()
            except UnreachableError as error:
                away = error
            else:
                yield sight
                if self.done(sight):
                    return
            if self.clock.now() >= deadline:
                raise away or self.timeout
            self.clock.sleep(self.every)
