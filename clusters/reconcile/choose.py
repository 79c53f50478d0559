"""Chooses the next Works of a cluster by lane and commits a claim for each of their objects before anything is sent.

An object that is written before its row is committed can be leaked for ever by a crash between the two.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from clusters import lease
from clusters.lease import Held
from clusters.manifests import Manifest, ObjectId
from clusters.models import OwnedObject, Work
from clusters.reconcile.outcome import Assignment, Row
from clusters.reconcile.wire import LeaseLost
from clusters.resolve import SecretUnavailable, resolve


def choose(held: Held, *, busy: Collection[UUID], limit: int) -> list[Assignment]:
    """Up to `limit` due Works, the lowest lane first, each time anew: an edit overtakes whatever queues behind it.

    `busy` are those under way in this drain. Raises LeaseLost.
    """
    with transaction.atomic():
        if not lease.holds(held):
            raise LeaseLost
        due = Work.objects.filter(cluster_id=held.cluster_id, next_check_at__lte=Now()).exclude(pk__in=busy)
        # A service that is just submitting holds its Work; it will be due again when that commits.
        works = list(due.order_by("lane", "next_check_at").select_for_update(skip_locked=True)[:limit])
        desired = {work.pk: tuple(Manifest.from_json(each) for each in work.manifests) for work in works}
        _claim(works, desired)
        rows = _rows(works)
        contested = _contested(works, desired, rows)
        former = _former_claims(held.cluster_id, rows)
        waits = _waiting_for(works)
    return [
        _assignment(work, desired[work.pk], _as_rows(rows[work.pk], former), waits[work.pk], contested[work.pk], held)
        for work in works
    ]


def _claim(works: list[Work], desired: dict[UUID, tuple[Manifest, ...]]) -> None:
    """A row with a random claim for each desired object that has none."""
    known = set(OwnedObject.objects.filter(work__in=works, gone_at=None).values_list("work_id", "oid"))
    OwnedObject.objects.bulk_create(
        [
            OwnedObject(
                work=work, cluster_id=work.cluster_id, oid=str(each.id), api_version=each.api_version,
                namespace=each.id.namespace, claim=secrets.token_hex(16), phase=each.phase,
            )
            for work in works
            if work.intent == Work.Intent.PRESENT
            for each in desired[work.pk]
            if (work.pk, str(each.id)) not in known
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _rows(works: list[Work]) -> dict[UUID, list[OwnedObject]]:
    rows: dict[UUID, list[OwnedObject]] = defaultdict(list)
    for row in OwnedObject.objects.filter(work__in=works, gone_at=None):
        assert row.work_id is not None
        rows[row.work_id].append(row)
    return rows


def _contested(
    works: list[Work], desired: dict[UUID, tuple[Manifest, ...]], rows: dict[UUID, list[OwnedObject]]
) -> dict[UUID, dict[ObjectId, str]]:
    """Desired objects whose row another Work holds: object id → its name."""
    missing = {
        work.pk: {str(each.id) for each in desired[work.pk]} - {row.oid for row in rows[work.pk]}
        for work in works
        if work.intent == Work.Intent.PRESENT
    }
    names = {oid for oids in missing.values() for oid in oids}
    if not names:
        return defaultdict(dict)
    others = OwnedObject.objects.filter(cluster_id=works[0].cluster_id, oid__in=names, gone_at=None).select_related(
        "work__cluster"
    )
    holders = {row.oid: str(row.work) if row.work else "a removed Work" for row in others}
    found = {
        pk: {ObjectId.parse(oid): holders.get(oid, "another Work") for oid in oids} for pk, oids in missing.items()
    }
    return defaultdict(dict, found)


def _former_claims(cluster_id: UUID, rows: dict[UUID, list[OwnedObject]]) -> dict[str, tuple[str, ...]]:
    """Claims of tombstones by object id: a create of a dead writer may arrive late, and is ours."""
    unwritten = [row.oid for each in rows.values() for row in each if not row.uid]
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    if unwritten:
        graves = OwnedObject.objects.filter(cluster_id=cluster_id, oid__in=unwritten, gone_at__isnull=False)
        for oid, claim in graves.values_list("oid", "claim"):
            found[oid] += (claim,)
    return found


def _waiting_for(works: list[Work]) -> dict[UUID, tuple[str, ...]]:
    """For a present Work the unready Works it waits for; for a retired one the Works that still wait for it."""
    found: dict[UUID, tuple[str, ...]] = defaultdict(tuple)
    present = [work.pk for work in works if work.intent == Work.Intent.PRESENT]
    retired = [work.pk for work in works if work.intent == Work.Intent.RETIRED]
    edges = Work.waits_for.through.objects.select_related("from_work__cluster", "to_work__cluster")
    for edge in edges.filter(from_work_id__in=present):
        ahead = edge.to_work
        if ahead.settled_generation < ahead.generation or ahead.intent == Work.Intent.RETIRED:
            found[edge.from_work_id] += (str(ahead),)
    for edge in edges.filter(to_work_id__in=retired):
        found[edge.to_work_id] += (str(edge.from_work),)
    return found


def _as_rows(rows: Iterable[OwnedObject], former: dict[str, tuple[str, ...]]) -> dict[ObjectId, Row]:
    return {
        (oid := ObjectId.parse(row.oid)): Row(
            id=row.pk, oid=oid, api_version=row.api_version, claim=row.claim, phase=row.phase, uid=row.uid,
            sent_digest=row.sent_digest, live_digest=row.live_digest, resource_version=row.resource_version,
            health=row.health, reason=row.reason, message=row.message, done=row.done,
            former_claims=former.get(row.oid, ()),
        )
        for row in rows
    }  # fmt: skip


def _assignment(
    work: Work, manifests: tuple[Manifest, ...], rows: dict[ObjectId, Row], waits: tuple[str, ...],
    contested: dict[ObjectId, str], held: Held,
) -> Assignment:  # fmt: skip
    return Assignment(
        work_id=work.pk, name=str(work), owner_kind=work.owner_kind, owner_id=work.owner_id,
        generation=work.generation, retired=work.intent == Work.Intent.RETIRED,
        settled=work.settled_generation >= work.generation,
        late=work.deadline_at is not None and work.deadline_at < timezone.now(),
        release=work.release, manifests=manifests,
        removable=frozenset(map(ObjectId.parse, work.removable)),
        retirement=frozenset(map(ObjectId.parse, work.retirement)),
        rows=rows, waiting_for=waits, contested=contested,
        attempts=work.attempts, nudges=work.nudges, trusted=not held.inherited,
    )  # fmt: skip


def resolved(assignment: Assignment) -> tuple[dict[str, bytes], dict[str, str]]:
    """The secret values an assignment needs, and why those that cannot be had cannot."""
    values: dict[str, bytes] = {}
    unavailable: dict[str, str] = {}
    if not assignment.retired and not assignment.waiting_for:
        for reference in {each for manifest in assignment.manifests for each in manifest.references.values()}:
            try:
                values[reference] = resolve(reference)
            except SecretUnavailable as problem:
                unavailable[reference] = str(problem)
    return values, unavailable
