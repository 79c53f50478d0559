"""Lines of many pods made one stream in which none keeps the others back: each pod has a buffer of its own, and they
take turns. Between the readers of `stream` and who looks.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field

# What of one pod waits for who reads, in lines and in bytes. Beyond it the oldest are left out, and counted, where what
# is being written is followed; else the cluster waits.
BUFFER = 5000
BUFFER_BYTES = 1024 * 1024
# A pod that writes without a pause lets the others have their turn after so many lines.
TURN = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a pod of a process, or with an empty `pod` something to know about the cluster. `at` is RFC 3339,
    `release` that of the pod, or empty where nothing tells.

    With `dropped` it stands for so many lines that were left out before the next.
    """

    cluster: str
    pod: str
    process: str
    at: str
    text: str
    dropped: int = 0
    release: str = ""


@dataclass(slots=True)
class _Waiting:
    """Of one pod: its lines, their bytes, how many were left out before them, and how many were let in this second."""

    process: str
    lines: deque[Line] = field(default_factory=deque)
    last: str = ""
    release: str = ""
    size: int = 0
    dropped: int = 0
    seen: int = 0
    second: int = 0
    let_in: int = 0


class Mixer:
    """`waits`: a full buffer holds its pod back; else the oldest lines are left out, and counted.

    With `most_a_second` a pod that writes more is told up to that, and counted; its `first` lines were written before.
    """

    def __init__(self, *, waits: bool, most_a_second: int = 0, first: int = 0) -> None:
        self._waits, self._most, self._first = waits, most_a_second, first
        self._of: dict[tuple[str, str], _Waiting] = {}
        self._turn: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._more, self._room = asyncio.Event(), asyncio.Event()
        self._put = 0
        self._ended = False

    @property
    def held(self) -> int:
        """Lines that wait, of all pods."""
        return sum(len(each.lines) for each in self._of.values())

    async def put(self, line: Line) -> None:
        """Hand a line in; returns when its pod may go on."""
        key = (line.cluster, line.pod)
        mine = self._of.setdefault(key, _Waiting(line.process))
        while self._waits and _full(mine):
            self._room.clear()
            await self._room.wait()
        mine.last, mine.release = line.at, line.release
        if self._let_in(mine):
            mine.lines.append(line)
            mine.size += len(line.text)
            while _full(mine) and not self._waits:
                mine.size -= len(mine.lines.popleft().text)
                mine.dropped += 1
            self._turn.setdefault(key)
            self._more.set()
        self._put += 1
        if self._put % TURN == 0:
            await asyncio.sleep(0)

    def end(self) -> None:
        """No more lines will come."""
        self._ended = True
        self._more.set()

    def remind(self) -> None:
        """Of what was left out where no line has come since, to be told by itself."""
        for key, each in self._of.items():
            if each.dropped:
                self._turn.setdefault(key)
                self._more.set()

    async def get(self) -> Line | None:
        """The next pod's next line, or how many of it were left out; None at the end."""
        while True:
            while self._turn:
                key, _ = self._turn.popitem(last=False)
                if (line := self._next(key)) is not None:
                    return line
            if self._ended:
                return None
            self._more.clear()
            await self._more.wait()

    def _next(self, key: tuple[str, str]) -> Line | None:
        mine = self._of[key]
        if mine.lines:
            self._turn[key] = None
        if mine.dropped:
            count, mine.dropped = mine.dropped, 0
            at = mine.lines[0].at if mine.lines else mine.last
            return Line(*key, mine.process, at, "", dropped=count, release=mine.release)
        if not mine.lines:
            return None
        line = mine.lines.popleft()
        mine.size -= len(line.text)
        self._room.set()
        return line

    def _let_in(self, mine: _Waiting) -> bool:
        """Whether the pod has not had its part of this second."""
        mine.seen += 1
        if not self._most or mine.seen <= self._first:
            return True
        second = int(time.monotonic())
        if mine.second != second:
            mine.second, mine.let_in = second, 0
        mine.let_in += 1
        if mine.let_in > self._most:
            mine.dropped += 1
            return False
        return True


def _full(mine: _Waiting) -> bool:
    return len(mine.lines) > BUFFER or mine.size > BUFFER_BYTES
