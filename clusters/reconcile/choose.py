"""Chooses the next Works of a cluster by lane and commits a claim for each of their objects before anything is sent.

An object that is written before its row is committed can be leaked for ever by a crash between the two.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from clusters import lease
from clusters.lease import Held
from clusters.manifests import Manifest, ObjectId
from clusters.models import Lane, OwnedObject, Work
from clusters.reconcile import bulk
from clusters.reconcile.outcome import Assignment, Row
from clusters.reconcile.wire import LeaseLost

Desired = dict[UUID, tuple[Manifest, ...]]
Rows = dict[UUID, dict[str, OwnedObject]]


def choose(held: Held, *, busy: Collection[UUID], limit: int, last: Lane = Lane.SWEEP) -> list[Assignment]:
    """Up to `limit` due Works, the lowest lane first, each time anew: an edit overtakes whatever queues behind it.

    `busy` are those under way in this drain, `last` is the lane to go down to. Raises LeaseLost.
    """
    with transaction.atomic():
        if not lease.holds(held):
            raise LeaseLost
        due = Work.objects.filter(cluster_id=held.cluster_id, lane__lte=last, next_check_at__lte=Now())
        due = due.exclude(pk__in=busy)
        late = ExpressionWrapper(Q(deadline_at__lt=Now()), output_field=BooleanField())
        # A service that is just submitting holds its Work; it will be due again when that commits.
        due = due.annotate(late=late, now=Now())
        # What has not been tried yet goes before another look at what is on its way.
        tried = ExpressionWrapper(Q(observed_generation__gte=F("generation")), output_field=BooleanField())
        next_ = due.order_by("lane", tried, "next_check_at").select_for_update(skip_locked=True)[:limit]
        works: list[Work] = [*next_]
        desired = {work.pk: tuple(map(Manifest.stored, work.manifests)) for work in works}
        rows = _rows(works, desired)
        contested = _contested(works, desired, rows)
        former = _former_claims(held.cluster_id, rows)
        waits = _waiting_for(works, rows)
    return [
        _assignment(
            work, desired[work.pk], _as_rows(rows[work.pk].values(), former), waits[work.pk], contested[work.pk], held
        )
        for work in works
    ]


def _rows(works: list[Work], desired: Desired) -> Rows:
    """The rows in force by Work, with a new one, under a random claim, for each desired object that has none.

    They get the version and phase now desired: by these they are read and removed.
    """
    rows: dict[UUID, dict[str, OwnedObject]] = {work.pk: {} for work in works}
    for row in OwnedObject.objects.filter(work__in=works, gone_at=None):
        rows[cast(UUID, row.work_id)][row.oid] = row  # filtered by it
    moved, new = [], []
    for work in works:
        for each in desired[work.pk]:
            known = rows[work.pk].get(str(each.id))
            if known is not None and (known.api_version, known.phase) != (each.api_version, each.phase):
                known.api_version, known.phase = each.api_version, each.phase
                moved.append(known)
            elif known is None and work.intent == Work.Intent.PRESENT:
                new.append(_claimed(work, each))
    bulk.update(OwnedObject, [{"id": row.pk, "api_version": row.api_version, "phase": row.phase} for row in moved])
    inserted = bulk.insert(OwnedObject, [_values(row) for row in new])
    for row in new:
        if row.pk in inserted:
            rows[cast(UUID, row.work_id)][row.oid] = row
    return rows


def _claimed(work: Work, each: Manifest) -> OwnedObject:
    return OwnedObject(
        work_id=work.pk, cluster_id=work.cluster_id, oid=str(each.id), api_version=each.api_version,
        namespace=each.id.namespace, claim=secrets.token_hex(16), phase=each.phase,
    )  # fmt: skip


def _values(row: OwnedObject) -> dict[str, Any]:
    """Every column of a new row."""
    return {field.attname: field.pre_save(row, add=True) for field in OwnedObject._meta.concrete_fields}


def _contested(works: list[Work], desired: Desired, rows: Rows) -> dict[UUID, dict[ObjectId, str]]:
    """Desired objects whose row another Work holds: object id → its name."""
    missing = {
        work.pk: [each.id for each in desired[work.pk] if str(each.id) not in rows[work.pk]]
        for work in works
        if work.intent == Work.Intent.PRESENT
    }
    names = {str(oid) for oids in missing.values() for oid in oids}
    if not names:
        return defaultdict(dict)
    others = OwnedObject.objects.filter(cluster_id=works[0].cluster_id, oid__in=names, gone_at=None).select_related(
        "work__cluster"
    )
    holders = {row.oid: str(row.work) if row.work else "a removed Work" for row in others}
    found = {pk: {oid: holders.get(str(oid), "another Work") for oid in oids} for pk, oids in missing.items()}
    return defaultdict(dict, found)


def _former_claims(cluster_id: UUID, rows: Rows) -> dict[str, tuple[str, ...]]:
    """Claims of tombstones by object id: what a dead writer created late is ours, and so is what a restore brings."""
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    if owned := {row.oid: row.namespace for each in rows.values() for row in each.values()}:
        # By namespace too: that is what the index is by.
        graves = OwnedObject.objects.filter(
            cluster_id=cluster_id, namespace__in={*owned.values()}, oid__in=owned, gone_at__isnull=False
        )
        for oid, claim in graves.values_list("oid", "claim"):
            found[oid] += (claim,)
    return found


def _waiting_for(works: list[Work], rows: Rows) -> dict[UUID, tuple[str, ...]]:
    """For an undelivered generation the unready Works it waits for; for a retired Work those that still need it.

    What has been delivered once does not wait again: it is repaired at once, whatever becomes of what it waited for.
    """
    found: dict[UUID, tuple[str, ...]] = defaultdict(tuple)
    retired = {work.pk for work in works if work.intent == Work.Intent.RETIRED}
    fresh = {work.pk for work in works if work.settled_generation < work.generation} - retired
    edges = Work.waits_for.through.objects.select_related("from_work__cluster", "to_work__cluster")
    unready = Q(to_work__settled_generation__lt=F("to_work__generation")) | Q(to_work__intent=Work.Intent.RETIRED)
    for edge in edges.filter(unready, from_work_id__in=fresh):
        found[edge.from_work_id] += (str(edge.to_work),)
    for edge in edges.filter(to_work_id__in=retired):
        found[edge.to_work_id] += (str(edge.from_work),)
    for pk in retired:
        for other in _inhabitants(pk, rows[pk].values()):
            if other not in found[pk]:
                found[pk] += (other,)
    return found


def _inhabitants(pk: UUID, rows: Iterable[OwnedObject]) -> list[str]:
    """Other Works with objects in the namespaces that these rows would take along."""
    kinds = {(row.cluster_id, ObjectId.parse(row.oid)) for row in rows}
    namespaces = {(cluster_id, oid.name) for cluster_id, oid in kinds if oid.kind == "Namespace" and not oid.group}
    if not namespaces:
        return []
    others = Work.objects.filter(
        objects_owned__cluster_id__in={cluster_id for cluster_id, _ in namespaces},
        objects_owned__namespace__in={name for _, name in namespaces},
        objects_owned__gone_at=None,
    )
    return sorted(str(each) for each in others.exclude(pk=pk).select_related("cluster").distinct())


def _as_rows(rows: Iterable[OwnedObject], former: dict[str, tuple[str, ...]]) -> dict[ObjectId, Row]:
    return {
        (oid := ObjectId.parse(row.oid)): Row(
            id=row.pk, oid=oid, api_version=row.api_version, claim=row.claim, phase=row.phase, uid=row.uid,
            sent_digest=row.sent_digest, live_digest=row.live_digest, resource_version=row.resource_version,
            health=row.health, reason=row.reason, message=row.message, done=row.done,
            fights=row.fights, former_claims=former.get(row.oid, ()),
        )
        for row in rows
    }  # fmt: skip


def _assignment(
    work: Work, manifests: tuple[Manifest, ...], rows: dict[ObjectId, Row], waits: tuple[str, ...],
    contested: dict[ObjectId, str], held: Held,
) -> Assignment:  # fmt: skip
    return Assignment(
        work_id=work.pk, owner_id=work.owner_id, generation=work.generation,
        retired=work.intent == Work.Intent.RETIRED,
        settled=work.settled_generation >= work.generation,
        late=bool(getattr(work, "late", False)),
        release=work.release, manifests=manifests,
        removable=frozenset(map(ObjectId.parse, work.removable)),
        retirement=frozenset(map(ObjectId.parse, work.retirement)),
        rows=rows, waiting_for=waits, contested=contested, now=work.now,  # type: ignore[attr-defined]  # annotated
        attempts=work.attempts, nudges=work.nudges, trusted_from=held.trusted_from or 0,
    )  # fmt: skip
