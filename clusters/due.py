"""Pulls Works forward: the schedule is all the queue there is. Called by the watcher and by recorders of status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from clusters import bulk
from clusters.conditions import NEEDED
from clusters.models import Lane, Work
from clusters.wake import wake

_FORWARD = """
    UPDATE clusters_work
    SET next_check_at = LEAST(next_check_at, statement_timestamp()), lane = LEAST(lane, %s), nudges = nudges + 1
    WHERE id = %s AND (not_before IS NULL OR not_before <= statement_timestamp())
    RETURNING id
"""
_UNDRIVEN = """
    SELECT work.id FROM clusters_work AS work LEFT JOIN clusters_lease AS lease USING (cluster_id)
    WHERE work.id = ANY(%s) AND (lease.until > statement_timestamp()) IS NOT TRUE LIMIT 1
"""


def deliverable(prefix: str = "") -> Q:
    """Clusters that may be delivered to: seen once, not suspended, none of the needed conditions False."""
    known = Q(**{f"{prefix}suspended": False, f"{prefix}identity__isnull": False})
    for needed in NEEDED:
        known &= ~Q(**{f"{prefix}conditions__contains": [{"type": needed, "status": "False"}]})
    return known


def queue() -> QuerySet[Work]:
    """The Works that are due on clusters that may be delivered to and whose breaker is closed."""
    return Work.objects.filter(deliverable("cluster__"), cluster__breaker_until=None, next_check_at__lte=Now())


def database_time() -> datetime:
    """Now, by the only clock that all workers share: the start of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def next_sweep(cluster_id: UUID, now: datetime) -> datetime:
    """When the cluster's settled Works are looked at again, all at once: half a period to one and a half from `now`.

    Each cluster has moments of its own, so that not all are swept together.
    """
    period = settings.DOUGONG.sweep_seconds
    shift = cluster_id.int % period
    soonest = now.timestamp() + period / 2
    return datetime.fromtimestamp(((soonest - shift) // period + 1) * period + shift, UTC)


def due(works: QuerySet[Work], lane: Lane) -> int:
    """Make Works due now in `lane` (a lane only rises), except those that back off after a failure; returns how many.

    What is due already keeps its place in the queue, so that a noisy object can't keep pushing its Work back; `nudges`
    tells an attempt under way that something came meanwhile. One at a time: outside a transaction no two are ever
    locked, so that nobody who holds one and wants another waits for us.
    """
    return _pull(works.order_by("pk").values_list("pk", flat=True), lane)


def due_unless_held(works: QuerySet[Work], lane: Lane, *, cured: bool = False) -> int:
    """The same from within a transaction that holds other Works: who holds one of these is making it due himself.

    `cured`: what they back off from is no more, so they need not wait.
    """
    found = [work.pk for work in works.select_for_update(skip_locked=True, of=("self",))]
    if cured:
        Work.objects.filter(pk__in=found).update(not_before=None)
    return _pull(found, lane)


def _pull(works: Iterable[UUID], lane: Lane) -> int:
    changed = [pk for pk in works if bulk.read(_FORWARD, [int(lane), pk])]
    # Who drives a cluster looks again when he has given it back.
    if changed and bulk.read(_UNDRIVEN, [changed]):
        wake(lane)
    return len(changed)
