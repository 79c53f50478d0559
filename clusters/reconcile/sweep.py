"""The sweep: rings for what is due in case its hint was lost, and forgets what is old: tombstones, past API calls."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from clusters.due import queue
from clusters.models import ApiCall, Lane, OwnedObject
from clusters.wake import wake

TOMBSTONE_LIFE = timedelta(days=1)
CALLS = 10_000  # forgotten in one turn, of which there are two a minute


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


def forget_calls() -> int:
    """Forget API calls older than DOUGONG_API_CALL_DAYS, so many a turn; returns how many."""
    old = ApiCall.objects.filter(at__lt=Now() - timedelta(days=settings.DOUGONG.api_call_days)).order_by()
    removed, _ = ApiCall.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:CALLS])).delete()
    return removed
