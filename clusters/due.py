"""Pulls Works forward: the schedule is all the queue there is. Called by the watcher and by recorders of status."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Least, Now

from clusters.conditions import NEEDED
from clusters.models import Lane, Work
from clusters.wake import wake


def deliverable(prefix: str = "") -> Q:
    """Clusters that may be delivered to: seen once, not suspended, none of the needed conditions False."""
    known = Q(**{f"{prefix}suspended": False, f"{prefix}identity__isnull": False})
    for needed in NEEDED:
        known &= ~Q(**{f"{prefix}conditions__contains": [{"type": needed, "status": "False"}]})
    return known


def queue() -> QuerySet[Work]:
    """The Works that are due on clusters that may be delivered to and whose breaker is closed."""
    return Work.objects.filter(deliverable("cluster__"), cluster__breaker_until=None, next_check_at__lte=Now())


def due(works: QuerySet[Work], lane: Lane) -> int:
    """Make Works due now in `lane` (a lane only rises), except those that back off after a failure; returns how many.

    What is due already keeps its place in the queue, so that a noisy object can't keep pushing its Work back; `nudges`
    tells an attempt under way that something came meanwhile.
    """
    ready = works.filter(Q(not_before=None) | Q(not_before__lte=Now()))
    changed = ready.update(
        next_check_at=Least(F("next_check_at"), Now()), lane=Least(F("lane"), Value(int(lane))), nudges=F("nudges") + 1
    )
    if changed:
        wake(lane)
    return changed
