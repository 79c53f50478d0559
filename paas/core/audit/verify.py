"""Tells whether the audit trail is whole: the first event that does not fit, by number and id. Reads only.

What it finds: an event changed, taken away, put elsewhere, put in by hand, and a tail that was cut off, also where the
owner of the database did it. What it can't find is said in docs/audit.md: what was taken from the window between a
commit and its seal, and the doing of somebody who holds the keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from paas.core.audit.chain import BEGINNING, is_sealed, is_signed
from paas.core.audit.keys import keys
from paas.core.audit.outside import Head, Outside
from paas.core.models import AuditEvent

CHUNK = 2000


@dataclass(frozen=True)
class Fault:
    """The first thing that does not fit; `event` is the id of an event, None where it is gone."""

    number: int
    event: int | None
    what: str


@dataclass(frozen=True)
class Verdict:
    """How far it was read: `number` is the last good one, `seal` its seal; `more` is there to be read."""

    number: int
    seal: str
    fault: Fault | None = None
    more: bool = False
    heads: int = field(default=0)


def verify(store: Outside, *, after: int = 0, most: int | None = None) -> Verdict:
    """Read the chain from the event after number `after`, at most `most` events, against the heads kept outside.

    `after` is where an earlier reading ended; its seal is taken as it stands, the heads tell whether it was changed.
    """
    rows = AuditEvent.objects.filter(number__gt=after).order_by("number")
    before = _seal_of(after)
    if before is None:
        return Verdict(after, "", Fault(after, None, "is not there"))
    events: Iterator[AuditEvent] = rows.iterator(CHUNK)
    reading = _Reading(after, before, store.heads(after), keys())
    for event in islice(events, most):
        if fault := reading.fault_of(event):
            return Verdict(reading.number, reading.seal, fault, heads=reading.heads)
    more = next(events, None) is not None
    cut = None if more else reading.cut()
    return Verdict(reading.number, reading.seal, cut, more, reading.heads)


def _seal_of(number: int) -> str | None:
    if number == 0:
        return BEGINNING
    return AuditEvent.objects.filter(number=number).values_list("seal", flat=True).first()


class _Reading:
    """Where the reader stands in the chain, and the next head outside."""

    def __init__(self, number: int, seal: str, heads: Iterable[Head], held: Mapping[str, bytes]) -> None:
        self.number, self.seal, self.heads = number, seal, 0
        self._held = held
        self._outside = iter(heads)
        self._head = next(self._outside, None)

    def fault_of(self, event: AuditEvent) -> Fault | None:
        """What is wrong with the event that comes next; where nothing is, go on to it."""
        expected = self.number + 1
        if event.number != expected:
            return Fault(expected, None, "was taken away")
        if not is_signed(event.facts(), event.signature, self._held):
            return Fault(expected, event.pk, "was changed, or put in by something else than Dougong")
        if not is_sealed(event.seal, self.seal, expected, event.pk, event.signature, self._held):
            return Fault(expected, event.pk, "stands elsewhere than when it was sealed")
        if self._head is not None and self._head.number == expected:
            if self._head.seal != event.seal:
                return Fault(expected, event.pk, "is sealed otherwise than was kept outside the database")
            self.heads += 1
            self._head = next(self._outside, None)
        self.number, self.seal = expected, event.seal
        return None

    def cut(self) -> Fault | None:
        """What heads outside tell of events beyond the end of the chain."""
        if self._head is None:
            return None
        return Fault(self.number + 1, None, f"was taken away, with all up to {self._head.number} and maybe later ones")
