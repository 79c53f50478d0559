"""One terminal while it is open: bytes both ways, between who sits before it and the command, until one end leaves, a
limit is reached or it may not go on.

Nothing is buffered here but what waits to be recorded: reading from the command waits until the person's side has taken
what came before, so a flood is held back in the container. What is shown has been recorded first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from apps.models import Terminal
from apps.terminals.recording import Recording
from clusters.faults import ClusterFault
from clusters.terminal import NOT_STARTED, Channel
from clusters.terminal import Terminal as Command
from paas.core.errors import Refusal

# What may wait to be stored, in characters; it is stored at each check besides.
MOST_WAITING = 64 * 1024
Ending = Terminal.Ending


@dataclass(frozen=True, slots=True)
class Resize:
    """The person's window has another size."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class EndOfInput:
    """The person's input is at its end; they go on reading."""


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds: of the whole, of silence, and between two looks at whether it may go on."""

    seconds: float
    idle: float
    check: float


@dataclass(frozen=True, slots=True)
class End:
    """How it ended."""

    ending: str
    message: str = ""
    exit_code: int | None = None


class Person(Protocol):
    """Who sits before the terminal."""

    async def receive(self) -> bytes | Resize | EndOfInput | None:
        """What they do next; None when they have left."""

    async def show(self, channel: Channel, piece: bytes) -> None:
        """Returns when there is room for more. Raises OSError when they have left."""


class Session:
    """Carries one terminal; `bytes_in` and `bytes_out` are what went through. `size` is that of the window, None where
    there is none.
    """

    def __init__(
        self,
        person: Person,
        command: Command,
        recording: Recording,
        limits: Limits,
        *,
        check: Callable[[], Awaitable[None]],
        save: Callable[[str], Awaitable[None]],
        size: Resize | None = None,
    ) -> None:
        self.person, self.command, self.recording, self.limits = person, command, recording, limits
        self.check, self.save, self.size = check, save, size
        self.begun = self.last = time.monotonic()
        self.bytes_in = self.bytes_out = 0
        self._saving = asyncio.Lock()

    async def run(self) -> End:
        """Until it ends, for whatever reason; then all that was shown is stored."""
        parts: list[Coroutine[Any, Any, End]] = [self._shown(), self._typed(), self._watched()]
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # Of several at once the command's own end is the truest.
            return next(task for task in tasks if task.done()).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._save()

    async def _shown(self) -> End:
        try:
            async for channel, piece in self.command.read():
                self.last = time.monotonic()
                if not self.bytes_out and self.size is not None:
                    # A runtime may lose what it was told before the process was there.
                    await self.command.resize(self.size.columns, self.size.rows)
                self.bytes_out += len(piece)
                self.recording.shown(self.last - self.begun, channel, piece)
                if self.recording.waiting > MOST_WAITING:
                    await self._save()
                await self.person.show(channel, piece)
                if self.recording.full:
                    return End(Ending.RECORDING_FULL, "The recording is as long as it may be.")
        except ClusterFault as fault:
            return End(Ending.CONNECTION_LOST, str(fault))
        except OSError:
            return End(Ending.LEFT)
        ended = self.command.ended
        if ended is None:
            return End(Ending.CONNECTION_LOST)
        started = not (ended.message and ended.exit_code == NOT_STARTED)
        return End(Ending.EXITED if started else Ending.NOT_STARTED, ended.message, ended.exit_code)

    async def _typed(self) -> End:
        try:
            while (said := await self.person.receive()) is not None:
                self.last = time.monotonic()
                if isinstance(said, bytes):
                    self.bytes_in += len(said)
                    await self.command.write(said)
                elif isinstance(said, Resize):
                    self.size = said
                    self.recording.resized(self.last - self.begun, said.columns, said.rows)
                    await self.command.resize(said.columns, said.rows)
                else:
                    await self.command.end_input()
        except ClusterFault as fault:
            return End(Ending.CONNECTION_LOST, str(fault))
        return End(Ending.LEFT)

    async def _watched(self) -> End:
        while True:
            now = time.monotonic()
            if now >= self.begun + self.limits.seconds:
                return End(Ending.TIME_OVER, f"It lasted as long as it may: {self.limits.seconds:.0f} seconds.")
            if now >= self.last + self.limits.idle:
                return End(Ending.IDLE, f"Nothing was typed or printed for {self.limits.idle:.0f} seconds.")
            until = min(self.begun + self.limits.seconds, self.last + self.limits.idle)
            await asyncio.sleep(min(self.limits.check, max(until - now, 0)))
            try:
                await self.check()
            except Refusal as refusal:
                return End(Ending.REVOKED, refusal.message)
            await self._save()

    async def _save(self) -> None:
        async with self._saving:
            if text := self.recording.taken():
                await self.save(text)
