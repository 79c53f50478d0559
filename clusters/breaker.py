"""The breaker of a cluster: opens after three connection failures in a row or for as long as the server asks to be left
alone, closed by a probe that gets through.

Called by the loop and the probe after a network step. Each call is one conditional UPDATE under the database's clock,
so workers that fail at the same time neither lose nor double a step. An open breaker keeps the cluster out of the queue
(`CLOSED`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from clusters.models import Cluster

FAILURES = 3
FIRST_SECONDS = 5
LONGEST_SECONDS = 300

# The loop takes only these; a breaker whose time is over stays open until the probe gets through.
CLOSED = Q(breaker_until=None)
# The probe takes these: closed, or open and due for another try.
PROBE_DUE = Q(breaker_until=None) | Q(breaker_until__lte=Now())

_FAILED = """
    UPDATE {table} SET failures = failures + 1,
        breaker_until = CASE WHEN failures + 1 < %(failures)s THEN NULL
            ELSE now() + make_interval(secs =>
                LEAST(%(longest)s, %(first)s * power(2, LEAST(failures + 1 - %(failures)s, 16)))
                * (0.75 + random() / 4)) END
    WHERE id = %(id)s AND (breaker_until IS NULL OR breaker_until <= now())
    RETURNING breaker_until
"""


def record_failure(cluster_id: UUID) -> datetime | None:
    """Count a connection failure; until when the breaker is open now, or None. Behind an open breaker none counts."""
    numbers = {"failures": FAILURES, "first": FIRST_SECONDS, "longest": LONGEST_SECONDS, "id": cluster_id}
    rows = _run(_FAILED, numbers)
    return rows[0][0] if rows else None


def hold_off(cluster_id: UUID, seconds: float) -> None:
    """Leave alone a server that asked for it; that is no failure."""
    until = Now() + timedelta(seconds=min(seconds, LONGEST_SECONDS))
    Cluster.objects.filter(CLOSED, pk=cluster_id).update(breaker_until=until)


def record_success(cluster_id: UUID) -> bool:
    """Forget the failures and close the breaker; True where it was open. Writes nothing where there is none."""
    was_open = Cluster.objects.filter(pk=cluster_id).exclude(CLOSED).update(failures=0, breaker_until=None)
    Cluster.objects.filter(pk=cluster_id, failures__gt=0).update(failures=0)
    return was_open > 0


def _run(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    table = connection.ops.quote_name(Cluster._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(table=table), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
