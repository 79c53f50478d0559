"""From a live object to the click behind it, and from a click to all it asked for. Reads only.

A change of the desired side and its audit events are written in one transaction, and carry its id: that joins them,
whoever made the change, a person's request or a task.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet

from clusters.models import ApiCall, OwnedObject, WorkChange
from paas.core.errors import NotFound
from paas.core.models import AuditEvent
from paas.core.permissions import Actor, is_overseer, not_found, require, visible

# Transaction ids repeat only on another server, after a dump was restored there.
_NEAR = timedelta(hours=1)


@dataclass(frozen=True)
class Click:
    """A change, what was recorded of it, whether the object in question is really the one we wrote, and how we did."""

    change: WorkChange
    events: tuple[AuditEvent, ...]
    ours: bool
    calls: tuple[ApiCall, ...]


@dataclass(frozen=True)
class Touched:
    """An object that a change asked for, the row of what became of it, None where there is none any more, and the
    calls that made it so, first the click's own, then repairs.
    """

    change: WorkChange
    oid: str
    row: OwnedObject | None
    calls: tuple[ApiCall, ...]


def click_behind(*, actor: Actor, work_id: UUID, generation: int, uid: str) -> Click:
    """What asked for the object that carries these, as its label, its annotation and its metadata say.

    Raises:
        NotFound: `change_not_found`: no change of that number that the actor may view.
    """
    change = visible(actor, WorkChange.objects.filter(work_id=work_id, generation=generation)).first()
    if change is None:
        raise NotFound(
            "change_not_found",
            "There is no such change, or you may not view it.",
            rule="Changes are known by the label dougong.dev/work and the annotation dougong.dev/generation.",
        )
    ours = bool(uid) and OwnedObject.objects.filter(work_id=work_id, uid=uid, gone_at=None).exists()
    calls = ApiCall.objects.filter(work_id=work_id, generation=generation, uid=uid)
    return Click(change, tuple(_seen_by(actor, list(_events_of(change)))), ours, tuple(calls))


def touched_by(*, actor: Actor, event_id: int) -> list[Touched]:
    """All objects, on all clusters, that the event's change asked to be written or removed; for operators and auditors.

    Raises:
        NotFound: `audit_event_not_found`.
    """
    require(actor, "view", None)
    event = AuditEvent.objects.filter(pk=event_id).first()
    if event is None:
        raise not_found(AuditEvent)
    near = (event.at - _NEAR, event.at + _NEAR)
    changes = WorkChange.objects.filter(transaction=event.transaction, at__range=near)
    changes = changes.order_by("cluster", "owner_name", "name", "work_id", "generation")
    owned = OwnedObject.objects.filter(work__in=[change.work_id for change in changes], gone_at=None)
    rows = {(row.work_id, row.oid): row for row in owned}
    calls = defaultdict(list)
    for call in ApiCall.objects.filter(
        Exists(changes.filter(work_id=OuterRef("work_id"), generation=OuterRef("generation")))
    ):
        calls[call.work_id, call.oid].append(call)
    return [
        Touched(change, oid, rows.get((change.work_id, oid)), tuple(calls[change.work_id, oid]))
        for change in changes
        for oid in change.changed
    ]


def events_behind(*, actor: Actor, work_id: UUID, most: int) -> list[AuditEvent]:
    """What was recorded of the latest `most` changes of a Work, newest first, as far as the actor may view it."""
    changes = visible(actor, WorkChange.objects.filter(work_id=work_id)).order_by("-generation")[:most]
    near = [Q(transaction=each.transaction, at__range=(each.at - _NEAR, each.at + _NEAR)) for each in changes]
    if not near:
        return []
    events = AuditEvent.objects.filter(reduce(or_, near)).order_by("-id")
    return list(_seen_by(actor, list(events)))


def _events_of(change: WorkChange) -> QuerySet[AuditEvent]:
    near = (change.at - _NEAR, change.at + _NEAR)
    return AuditEvent.objects.filter(transaction=change.transaction, at__range=near).order_by("id")


def _seen_by(actor: Actor, events: list[AuditEvent]) -> Iterator[AuditEvent]:
    """Less those about what belongs to a team whose things the actor may not view: an operator's change of the
    platform's configuration makes releases of many teams at once.
    """
    if is_overseer(actor):
        yield from events
        return
    asked = defaultdict(set)
    for event in events:
        asked[event.object_type].add(event.object_id)
    hidden = {label: ids - _viewed(actor, label, ids) for label, ids in asked.items()}
    yield from (event for event in events if event.object_id not in hidden[event.object_type])


def _viewed(actor: Actor, label: str, ids: set[str]) -> set[str]:
    """Those of the ids that the actor may view, of a model of teams; all of another model."""
    model = apps.get_model(label)
    if not (hasattr(model, "permission_parent") or getattr(model, "permission_scope", "") == "team"):
        return ids
    found = visible(actor, model._default_manager.filter(pk__in=ids))
    return {str(pk) for pk in found.values_list("pk", flat=True)}
