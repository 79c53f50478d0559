"""What health is called, and how verdicts add up.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from paas.core.conditions import CAMEL_CASE


class Health(StrEnum):
    """The words of Argo CD."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    SUSPENDED = "Suspended"
    MISSING = "Missing"
    UNKNOWN = "Unknown"


# From best to worst, as Argo CD adds them up.
_ORDER = (Health.HEALTHY, Health.SUSPENDED, Health.PROGRESSING, Health.MISSING, Health.DEGRADED, Health.UNKNOWN)
SEVERITY = {health: place for place, health in enumerate(_ORDER)}
SETTLED = frozenset({Health.HEALTHY, Health.SUSPENDED})


@dataclass(frozen=True)
class Verdict:
    """The health of one thing: a reason in CamelCase for machines, a message for people.

    Both come from controllers, which write what they like: `pending_dns` is told as PendingDns, and a NUL, which no
    database keeps, is left out. `source` is the pod and the container it was read from, where it is about one: who
    wants to know more asks there. `awaited` is False for what is told to people and nothing waits to get better: how
    the last run of a schedule ended says nothing of the release that is delivered now.
    """

    health: Health
    reason: str
    message: str = ""
    source: tuple[str, str] = field(default=("", ""), compare=False)
    awaited: bool = True

    def __post_init__(self) -> None:
        if self.reason and not CAMEL_CASE.fullmatch(self.reason):
            words = re.findall("[A-Za-z0-9]+", self.reason)
            reason = "".join(word[0].upper() + word[1:] for word in words).lstrip("0123456789")
            object.__setattr__(self, "reason", reason[:1].upper() + reason[1:])
        if "\0" in self.message:
            object.__setattr__(self, "message", self.message.replace("\0", ""))

    @property
    def settled(self) -> bool:
        """Whether a delivery has come as far with it as it is meant to."""
        return self.health in SETTLED or not self.awaited


def healthy(reason: str, message: str = "") -> Verdict:
    return Verdict(Health.HEALTHY, reason, message)


def progressing(reason: str, message: str = "") -> Verdict:
    return Verdict(Health.PROGRESSING, reason, message)


def degraded(reason: str, message: str = "") -> Verdict:
    return Verdict(Health.DEGRADED, reason, message)


def suspended(reason: str, message: str = "") -> Verdict:
    return Verdict(Health.SUSPENDED, reason, message)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of many, the first of equals; nothing at all is Healthy. What is not settled goes before what is."""
    return max(verdicts, key=_weight, default=healthy("NothingExpected"))


def _weight(verdict: Verdict) -> tuple[bool, int]:
    return not verdict.settled, SEVERITY[verdict.health]
