"""Log lines of many pods as one stream: in the order of their times, each pod in a colour of its own."""

from __future__ import annotations

import heapq
import json
import math
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from rich.text import Text

# How long a line may wait for an older one that comes later from another pod.
WINDOW_SECONDS = 0.4
COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")
Moment = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """One event of the stream: `where` is cluster and pod, `release` that of the pod, `data` the event as it came."""

    data: str
    where: str = ""
    release: str = ""
    at: str = ""
    text: str = ""

    @classmethod
    def of(cls, data: str) -> Line:
        """What is no JSON object is a text from nowhere."""
        try:
            found = json.loads(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            return cls(data, text=data)
        where = "/".join(str(found[key]) for key in ("cluster", "pod") if found.get(key))
        text = str(found.get("line") or found.get("message") or "").rstrip("\n")
        return cls(data, where, str(found.get("release") or ""), str(found.get("at") or ""), text)


def in_order(events: Iterable[str], *, follow: bool) -> Iterator[Line]:
    """Lines by their time. Following, a line waits a moment for older ones; else all are read first."""
    yield from _merged(_moments(events), WINDOW_SECONDS if follow else math.inf)


@dataclass
class Colours:
    """A colour for each pod, in the order in which they are first seen."""

    given: dict[str, str] = field(default_factory=dict)

    def shown(self, line: Line) -> Text:
        """The line with where it is from; what is from nowhere is as it is."""
        if not line.where:
            return Text(line.text)
        colour = self.given.setdefault(line.where, COLOURS[len(self.given) % len(COLOURS)])
        return Text.assemble((line.where, colour), f" {line.release}".rstrip(), " ", line.text)


def _moments(events: Iterable[str]) -> Iterator[tuple[Moment, Line]]:
    """With a key to sort by. What has no time stands where it came."""
    last: Moment = ("", "")
    for data in events:
        line = Line.of(data)
        moment = _moment(line.at)
        last = moment or last
        yield last, line


def _moment(at: str) -> Moment | None:
    """Nanoseconds are kept: a Kubernetes node writes them, a datetime has none."""
    try:
        whole = datetime.fromisoformat(at)
    except ValueError:
        return None
    fraction = at.partition(".")[2]
    digits = fraction[: len(fraction) - len(fraction.lstrip("0123456789"))]
    return f"{int(whole.timestamp()):020}", digits.ljust(9, "0")


@dataclass(frozen=True)
class _End:
    """The stream is over, or broke off with an error."""

    error: BaseException | None = None


Arrived = queue.Queue[tuple[Moment, Line] | _End]


def _merged(lines: Iterator[tuple[Moment, Line]], window: float) -> Iterator[Line]:
    arrived: Arrived = queue.Queue(maxsize=10_000)
    threading.Thread(target=_read, args=(lines, arrived), daemon=True).start()
    waiting: list[tuple[Moment, int, float, Line]] = []
    numbers = count()
    end: _End | None = None
    while end is None:
        try:
            got = arrived.get(timeout=window / 4 if waiting and math.isfinite(window) else None)
        except queue.Empty:
            pass
        else:
            if isinstance(got, _End):
                end = got
            else:
                moment, line = got
                heapq.heappush(waiting, (moment, next(numbers), time.monotonic() + window, line))
        until = time.monotonic() if end is None else math.inf
        while waiting and waiting[0][2] <= until:
            yield heapq.heappop(waiting)[3]
    if end.error is not None:
        raise end.error


def _read(lines: Iterator[tuple[Moment, Line]], arrived: Arrived) -> None:
    try:
        for each in lines:
            arrived.put(each)
    except BaseException as error:  # noqa: BLE001 - raised again where the lines are taken
        arrived.put(_End(error))
    else:
        arrived.put(_End())
