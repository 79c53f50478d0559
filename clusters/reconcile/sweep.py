"""The sweep: rings for what is due in case its hint was lost, and forgets tombstones after a day."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from clusters.due import queue
from clusters.models import Lane, OwnedObject
from clusters.wake import wake

TOMBSTONE_LIFE = timedelta(days=1)


def ring_for_due() -> None:
    """Wake each lane in which something is due on a cluster that can be driven.

    And whoever else there is: the worker of a lane may be frozen, and any worker drives whatever is due.
    """
    lanes = set(queue().order_by().values_list("lane", flat=True).distinct())
    for lane in lanes | ({Lane.SWEEP} if lanes else set()):
        wake(Lane(lane))


def bury() -> int:
    """Forget rows of objects that have been gone for a day; returns how many."""
    removed, _ = OwnedObject.objects.filter(gone_at__lt=Now() - TOMBSTONE_LIFE).delete()
    return removed
