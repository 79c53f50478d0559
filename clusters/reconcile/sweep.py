"""The sweep: rings for what is due in case its hint was lost, and forgets tombstones after a day."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from clusters.models import Lane, OwnedObject, Work
from clusters.wake import wake

TOMBSTONE_LIFE = timedelta(days=1)


def ring_for_due() -> None:
    """Wake each lane in which something is due on a cluster that can be driven."""
    open_ = Q(cluster__suspended=False, cluster__breaker_until=None)
    for lane in (
        Work.objects.filter(open_, next_check_at__lte=Now()).order_by().values_list("lane", flat=True).distinct()
    ):
        wake(Lane(lane))


def bury() -> int:
    """Forget rows of objects that have been gone for a day; returns how many."""
    removed, _ = OwnedObject.objects.filter(gone_at__lt=Now() - TOMBSTONE_LIFE).delete()
    return removed
