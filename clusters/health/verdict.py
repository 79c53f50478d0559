"""What health is called, and how verdicts add up.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


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


@dataclass(frozen=True)
class Verdict:
    """The health of one thing: a reason in CamelCase for machines, a message for people.

    `source` is the pod and the container it was read from, where it is about one: who wants to know more asks there.
    """

    health: Health
    reason: str
    message: str = ""
    source: tuple[str, str] = field(default=("", ""), compare=False)


def healthy(reason: str, message: str = "") -> Verdict:
    return Verdict(Health.HEALTHY, reason, message)


def progressing(reason: str, message: str = "") -> Verdict:
    return Verdict(Health.PROGRESSING, reason, message)


def degraded(reason: str, message: str = "") -> Verdict:
    return Verdict(Health.DEGRADED, reason, message)


def suspended(reason: str, message: str = "") -> Verdict:
    return Verdict(Health.SUSPENDED, reason, message)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of many, the first of equals; nothing at all is Healthy."""
    return max(verdicts, key=lambda verdict: SEVERITY[verdict.health], default=healthy("NothingExpected"))
