"""One writer per cluster at a time: a row in PostgreSQL, its clock the database's, its epoch the fence at the member.

A lease lasts 30 s and is renewed every 10; a drain lasts at most 20 s, so a live worker never loses it and a dead one
is replaced within 30 s. Every statement here is one conditional UPDATE.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection

LEASE_SECONDS = 30
RENEW_SECONDS = 10

_TAKE = """
    UPDATE clusters_lease
    SET holder = %s, until = now() + make_interval(secs => %s), epoch = clusters_lease.epoch + 1,
        trusted_from = CASE WHEN before.holder <> '' THEN COALESCE(trusted_from, clusters_lease.epoch + 1) END
    FROM (SELECT cluster_id, holder FROM clusters_lease WHERE cluster_id = %s FOR UPDATE) AS before
    WHERE clusters_lease.cluster_id = before.cluster_id
        AND (clusters_lease.until IS NULL OR clusters_lease.until < now())
    RETURNING clusters_lease.epoch, clusters_lease.trusted_from
"""
_OURS = "WHERE cluster_id = %s AND holder = %s AND until > now()"

_RAISE = f"UPDATE clusters_lease SET epoch = GREATEST(epoch, %s) + 1 {_OURS} RETURNING epoch"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Held:
    """A lease in force; `holder` names this one taking of it.

    `trusted_from`: None, unless a holder before let it expire, or gave it back with writes unanswered. Such may still
    arrive, but the fence lets none of them over an object that was written under this epoch or a later one. It stays
    until a drain has gone through everything, so that each goes on where the one before had to end.
    """

    cluster_id: UUID
    holder: str
    epoch: int
    trusted_from: int | None = None

    @property
    def inherited(self) -> bool:
        """Whether writes of a holder before may still arrive."""
        return self.trusted_from is not None


def take(cluster_id: UUID, worker: str) -> Held | None:
    """Take the cluster's lease and raise its epoch; None while it is held, by whomever."""
    holder = f"{worker[:50]}:{secrets.token_hex(6)}"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clusters_lease (cluster_id, holder, epoch) VALUES (%s, '', 0) ON CONFLICT DO NOTHING",
            [cluster_id],
        )
        cursor.execute(_TAKE, [holder, LEASE_SECONDS, cluster_id])
        row = cursor.fetchone()
    return Held(cluster_id, holder, row[0], row[1]) if row else None


def renew(held: Held) -> bool:
    """Push the end out by the whole length; False where the lease is no longer ours."""
    return _run("UPDATE clusters_lease SET until = now() + make_interval(secs => %s)", [LEASE_SECONDS], held)


def release(held: Held, *, clean: bool = True) -> bool:
    """Give the lease back. `clean` tells the next holder that no write of ours is under way."""
    return _run("UPDATE clusters_lease SET until = NULL, holder = %s", ["" if clean else held.holder], held)


def holds(held: Held) -> bool:
    """Whether the lease is still ours; locks its row against a take until the transaction ends."""
    return _run("SELECT 1 FROM clusters_lease", [], held, "FOR SHARE")


def raise_epoch(held: Held, above: int) -> Held | None:
    """Lift the epoch over one seen on a live object (after a restored database); None where the lease was lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            _RAISE,
            [above, held.cluster_id, held.holder],
        )
        row = cursor.fetchone()
    return replace(held, epoch=row[0]) if row else None


def _run(statement: str, values: list[Any], held: Held, lock: str = "") -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} {_OURS} {lock}", [*values, held.cluster_id, held.holder])
        found: int = cursor.rowcount
    return found == 1
