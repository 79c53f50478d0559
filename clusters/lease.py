"""One writer per cluster at a time: a row in PostgreSQL, its clock the database's, its epoch the fence at the member.

A lease lasts 30 s and is renewed every 10; a drain lasts at most 20 s, so a live worker never loses it and a dead one is
replaced within 30 s. Every statement here is one conditional UPDATE.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

LEASE_SECONDS = 30
RENEW_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Held:
    """A lease in force. `inherited`: the holder before let it expire, so writes of its may still arrive."""

    cluster_id: UUID
    holder: str
    epoch: int
    inherited: bool


def take(cluster_id: UUID, holder: str) -> Held | None:
    """Take the cluster's lease and raise its epoch; None while another worker holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clusters_lease (cluster_id, holder, epoch) VALUES (%s, '', 0) ON CONFLICT DO NOTHING",
            [cluster_id],
        )
        cursor.execute(
            """
            UPDATE clusters_lease SET holder = %s, until = now() + make_interval(secs => %s), epoch = clusters_lease.epoch + 1
            FROM (SELECT cluster_id, holder FROM clusters_lease WHERE cluster_id = %s FOR UPDATE) AS before
            WHERE clusters_lease.cluster_id = before.cluster_id AND (clusters_lease.until IS NULL OR clusters_lease.until < now())
            RETURNING clusters_lease.epoch, before.holder <> ''
            """,
            [holder, LEASE_SECONDS, cluster_id],
        )
        row = cursor.fetchone()
    return Held(cluster_id, holder, row[0], row[1]) if row else None


def renew(held: Held) -> bool:
    """Push the end out by the whole length; False where the lease is no longer ours."""
    return _change("until = now() + make_interval(secs => %s)", [LEASE_SECONDS], held)


def release(held: Held) -> bool:
    """Give the lease back; the next holder then knows that nothing of ours is under way."""
    return _change("until = NULL, holder = ''", [], held)


def holds(held: Held) -> bool:
    """Whether the lease is still ours; locks its row against a take until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM clusters_lease WHERE cluster_id = %s AND holder = %s AND epoch = %s AND until > now() FOR SHARE",
            [held.cluster_id, held.holder, held.epoch],
        )
        return cursor.fetchone() is not None


def raise_epoch(held: Held, above: int) -> Held | None:
    """Lift the epoch over one seen on a live object (after a restored database); None where the lease was lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clusters_lease SET epoch = GREATEST(epoch, %s) + 1 WHERE cluster_id = %s AND holder = %s AND epoch = %s AND until > now()"
            " RETURNING epoch",
            [above, held.cluster_id, held.holder, held.epoch],
        )
        row = cursor.fetchone()
    return Held(held.cluster_id, held.holder, row[0], held.inherited) if row else None


def _change(assignment: str, values: list[int], held: Held) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE clusters_lease SET {assignment} WHERE cluster_id = %s AND holder = %s AND epoch = %s AND until > now()",
            [*values, held.cluster_id, held.holder, held.epoch],
        )
        return cursor.rowcount == 1
