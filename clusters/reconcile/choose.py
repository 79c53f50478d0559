"""Chooses the next Works of a cluster by lane and commits a claim for each of their objects before anything is sent.

An object that is written before its row is committed can be leaked for ever by a crash between the two.
The statements are fixed: the ORM took longer to build them and to make instances than PostgreSQL to answer.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import orjson
from django.db import transaction

from clusters import bulk, lease
from clusters.lease import Held
from clusters.manifests import Manifest, ObjectId
from clusters.models import Lane, OwnedObject
from clusters.reconcile.outcome import Assignment, Row
from clusters.reconcile.waits import waiting_for
from clusters.reconcile.wire import LeaseLost

Desired = dict[UUID, tuple[Manifest, ...]]
Rows = dict[UUID, dict[ObjectId, Row]]
Graves = dict[UUID, tuple[Row, ...]]

# What has not been tried yet goes before another look at what is on its way. A service that is just submitting holds
# its Work; it will be due again when that commits.
_DUE = """
    SELECT id, owner_id, generation, settled_generation >= generation, intent = 'retired',
        COALESCE(deadline_at < statement_timestamp(), false), release, manifests, removable, retirement,
        attempts, nudges, statement_timestamp()
    FROM clusters_work
    WHERE cluster_id = %s AND lane <= %s AND next_check_at <= statement_timestamp() AND NOT id = ANY(%s)
    ORDER BY lane, observed_generation >= generation, next_check_at
    LIMIT %s FOR UPDATE SKIP LOCKED
"""
_ROWS = """
    SELECT work_id, id, oid, api_version, claim, phase, uid, sent_digest, live_digest, resource_version, health,
        reason, message, done, fights, gone_at IS NOT NULL
    FROM clusters_ownedobject WHERE work_id = ANY(%s) AND (gone_at IS NULL OR oid LIKE 'core/Secret/%%')
"""
# By namespace too: that is what the index is by.
_FORMER_CLAIMS = """
    SELECT oid, claim FROM clusters_ownedobject
    WHERE cluster_id = %s AND namespace = ANY(%s) AND oid = ANY(%s) AND gone_at IS NOT NULL
"""
_NEW = {field.attname: field.get_default() for field in OwnedObject._meta.concrete_fields}


class _Due(NamedTuple):
    """A Work as chosen; what it keeps as JSON is still text."""

    id: UUID
    owner_id: UUID
    generation: int
    settled: bool
    retired: bool
    late: bool
    release: str
    manifests: str
    removable: str
    retirement: str
    attempts: int
    nudges: int
    now: datetime


def choose(held: Held, *, busy: Collection[UUID], limit: int, last: Lane = Lane.SWEEP) -> list[Assignment]:
    """Up to `limit` due Works, the lowest lane first, each time anew: an edit overtakes whatever queues behind it.

    `busy` are those under way in this drain, `last` is the lane to go down to. Raises LeaseLost.
    """
    with transaction.atomic():
        if not lease.holds(held):
            raise LeaseLost
        works = [_Due._make(found) for found in bulk.read(_DUE, [held.cluster_id, int(last), [*busy], limit])]
        if not works:
            return []
        desired = {work.id: tuple(map(Manifest.stored, orjson.loads(work.manifests))) for work in works}
        rows, graves = _rows(held.cluster_id, works, desired)
        contested = _contested(held.cluster_id, works, desired, rows)
        waits = waiting_for(
            held.cluster_id,
            fresh=[work.id for work in works if not work.settled and not work.retired],
            retired={work.id: rows[work.id] for work in works if work.retired},
        )
    return [
        Assignment(
            work_id=work.id, owner_id=work.owner_id, generation=work.generation, retired=work.retired,
            settled=work.settled, late=work.late, release=work.release, manifests=desired[work.id],
            removable=_ids(work.removable), retirement=_ids(work.retirement), rows=rows[work.id],
            graves=graves[work.id], waiting_for=waits.get(work.id, ()), contested=contested[work.id], now=work.now,
            attempts=work.attempts, nudges=work.nudges, trusted_from=held.trusted_from or 0,
        )
        for work in works
    ]  # fmt: skip


def _ids(stored: str) -> frozenset[ObjectId]:
    return frozenset(map(ObjectId.parse, orjson.loads(stored)))


def _rows(cluster_id: UUID, works: list[_Due], desired: Desired) -> tuple[Rows, Graves]:
    """The rows in force by Work, with a new one, under a random claim, for each desired object that has none; and the
    tombstones of its Secrets.

    Rows in force get the version and phase now desired: by these they are read and removed.
    """
    stored = bulk.read(_ROWS, [[work.id for work in works]])
    parsed = {oid: ObjectId.parse(oid) for _, _, oid, *_ in stored}
    former = _former_claims(
        cluster_id, {*parsed.values(), *(each.id for of_work in desired.values() for each in of_work)}
    )
    rows: Rows = {work.id: {} for work in works}
    graves: Graves = defaultdict(tuple)
    for work_id, pk, oid, *others, fights, gone in stored:
        values = pk, parsed[oid], *others, orjson.loads(fights), gone, former[oid]
        row = Row(*values)
        if gone:
            graves[work_id] += (row,)
        else:
            rows[work_id][row.oid] = row
    moved: list[Row] = []
    new: list[tuple[_Due, Row]] = []
    for work in works:
        known = rows[work.id]
        for each in desired[work.id]:
            if each.id not in known:
                new += [] if work.retired else [(work, _claimed(each, former[str(each.id)]))]
            elif (known[each.id].api_version, known[each.id].phase) != (each.api_version, each.phase):
                known[each.id] = replace(known[each.id], api_version=each.api_version, phase=each.phase)
                moved.append(known[each.id])
    bulk.update(OwnedObject, [{"id": row.id, "api_version": row.api_version, "phase": row.phase} for row in moved])
    inserted = bulk.insert(OwnedObject, [_values(cluster_id, work, row) for work, row in new])
    for work, row in new:
        if row.id in inserted:
            rows[work.id][row.oid] = row
    return rows, graves


def _claimed(each: Manifest, former: tuple[str, ...]) -> Row:
    return Row(uuid4(), each.id, each.api_version, secrets.token_hex(16), each.phase, former_claims=former)


def _values(cluster_id: UUID, work: _Due, row: Row) -> dict[str, Any]:
    """Every column of a new row."""
    return _NEW | {
        "id": row.id, "work_id": work.id, "cluster_id": cluster_id, "oid": str(row.oid), "namespace": row.oid.namespace,
        "api_version": row.api_version, "claim": row.claim, "phase": row.phase, "created_at": work.now,
    }  # fmt: skip


def _former_claims(cluster_id: UUID, oids: Collection[ObjectId]) -> dict[str, tuple[str, ...]]:
    """Claims of tombstones by object id: what a dead writer created late is ours, and so is what a restore brings."""
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    namespaces = {oid.namespace for oid in oids}
    for oid, claim in bulk.read(_FORMER_CLAIMS, [cluster_id, [*namespaces], [*map(str, oids)]]):
        found[oid] += (claim,)
    return found


def _contested(cluster_id: UUID, works: list[_Due], desired: Desired, rows: Rows) -> dict[UUID, dict[ObjectId, str]]:
    """Desired objects whose row another Work holds: object id → its name."""
    missing = {
        work.id: [each.id for each in desired[work.id] if each.id not in rows[work.id]]
        for work in works
        if not work.retired
    }
    names = {str(oid) for oids in missing.values() for oid in oids}
    if not names:
        return defaultdict(dict)
    others = OwnedObject.objects.filter(cluster_id=cluster_id, oid__in=names, gone_at=None)
    holders = {
        row.oid: str(row.work) if row.work else "a removed Work" for row in others.select_related("work__cluster")
    }
    found = {pk: {oid: holders.get(str(oid), "another Work") for oid in oids} for pk, oids in missing.items()}
    return defaultdict(dict, found)
