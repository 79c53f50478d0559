"""Pulls Works forward: the schedule is all the queue there is. Called by the watcher and by recorders of status."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Least, Now

from clusters.models import Lane, Work
from clusters.wake import wake


def due(works: QuerySet[Work], lane: Lane) -> int:
    """Make Works due now in `lane` (a lane only rises), except those that back off after a failure; returns how many.

    What is due already keeps its place in the queue, so that a noisy object can't keep pushing its Work back; `nudges` tells
    an attempt under way that something came meanwhile.
    """
    ready = works.filter(Q(not_before=None) | Q(not_before__lte=Now()))
    changed = ready.update(
        next_check_at=Least(F("next_check_at"), Now()), lane=Least(F("lane"), Value(int(lane))), nudges=F("nudges") + 1
    )
    if changed:
        wake(lane)
    return changed
