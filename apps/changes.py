"""What a change of desired state comes to on a cluster: objects added, changed field by field, and removed.

Shown by a dry run. A Secret's values are not in a manifest, so they are not in here either. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clusters.fields import changed_values
from clusters.manifests import ObjectId

Stored = Mapping[str, Any]
"""A manifest as a Work keeps it: {"body", "phase", "references"}."""

ADDED, CHANGED, REMOVED = "added", "changed", "removed"


@dataclass(frozen=True)
class ObjectChange:
    """One object. `fields` are (path, before, after) of a changed one; `body` is the object of the others."""

    id: ObjectId
    change: str
    fields: tuple[tuple[str, Any, Any], ...] = ()
    body: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON-safe; `id` is "Kind/name", as people say it."""
        return {
            "id": f"{self.id.kind}/{self.id.name}",
            "oid": str(self.id),
            "change": self.change,
            "fields": [{"path": path, "before": before, "after": after} for path, before, after in self.fields],
            "object": self.body,
        }


def changes(before: Iterable[Stored], after: Iterable[Stored]) -> list[ObjectChange]:
    """What differs between two desired states of a cluster: first what is applied, in its order, then what goes."""
    old, new = _by_id(before), _by_id(after)
    found = [_change(each, old.get(each), body) for each, body in new.items() if old.get(each) != body]
    return found + [ObjectChange(each, REMOVED, body=old[each]) for each in sorted(old.keys() - new.keys())]


def _change(oid: ObjectId, old: dict[str, Any] | None, new: dict[str, Any]) -> ObjectChange:
    if old is None:
        return ObjectChange(oid, ADDED, body=new)
    return ObjectChange(oid, CHANGED, tuple(changed_values(old, new)))


def _by_id(stored: Iterable[Stored]) -> dict[ObjectId, dict[str, Any]]:
    return {ObjectId.of(each["body"]): _shown(each) for each in stored}


def _shown(stored: Stored) -> dict[str, Any]:
    """The object, a Secret with the reference of each value in the value's place."""
    references = stored.get("references") or {}
    return {**stored["body"], **({"data": dict(sorted(references.items()))} if references else {})}
