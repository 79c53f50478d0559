"""Conditions in the shape of the Kubernetes API conventions, kept as a JSON list in a row. Pure.

One dict per type: `{"type", "status", "reason", "message", "observedGeneration", "lastTransitionTime"}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

CAMEL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*")

Status = Literal["True", "False", "Unknown"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One statement about an object.

    Args:
        type: CamelCase, what is stated: `Reachable`.
        status: "True", "False" or "Unknown".
        reason: CamelCase, for machines.
        message: for people; may be empty.
        observed_generation: the generation the statement is about; None where the object has none.
        last_transition_time: ISO 8601 in UTC; filled in by `set_condition`.
    """

    type: str
    status: Status
    reason: str
    message: str = ""
    observed_generation: int | None = None
    last_transition_time: str = ""

    def __post_init__(self) -> None:
        for word in (self.type, self.reason):
            if not CAMEL_CASE.fullmatch(word):
                raise ValueError(f"a condition's type and reason are CamelCase words, not {word!r}")
        if self.status not in ("True", "False", "Unknown"):
            raise ValueError(f"a condition is True, False or Unknown, not {self.status!r}")


def set_condition(conditions: Iterable[dict[str, Any]], new: Condition, *, now: datetime) -> list[dict[str, Any]]:
    """The list with `new` in it, sorted by type; the argument is not changed.

    The transition time moves only if status, reason or message change.
    """
    present = get_condition(conditions, new.type)
    told = {"status": new.status, "reason": new.reason, "message": new.message}
    same = present is not None and all(present.get(key) == value for key, value in told.items())
    moved = present["lastTransitionTime"] if present is not None and same else now.astimezone(UTC).isoformat()
    entry: dict[str, Any] = {"type": new.type, **told, "lastTransitionTime": moved}
    if new.observed_generation is not None:
        entry["observedGeneration"] = new.observed_generation
    others = [dict(condition) for condition in conditions if condition.get("type") != new.type]
    return sorted([*others, entry], key=lambda condition: str(condition["type"]))


def get_condition(conditions: Iterable[dict[str, Any]], type: str) -> dict[str, Any] | None:  # noqa: A002 - the field's own word
    """The condition of this type, or None."""
    return next((condition for condition in conditions if condition.get("type") == type), None)
