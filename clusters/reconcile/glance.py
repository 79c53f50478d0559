"""Looks at all settled Works of a cluster at once: one list a kind, metadata only, instead of a read for each object.

An object whose uid and resourceVersion are those that were recorded has not changed since its fields and health were
compared, so nothing need be compared, sent or written. A Work of which each object is so is put off to the next sweep;
whatever differs, is missing or may not be listed stays due and is attempted alone. It runs beside the attempts of a
drain, so that an edit does not wait for it.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from clusters import lease
from clusters.due import database_time, next_sweep
from clusters.faults import ApiRefused
from clusters.health import SETTLED
from clusters.kinds import WELL_KNOWN
from clusters.lease import Held
from clusters.manifests import LABEL_WORK, ObjectId
from clusters.models import Lane, OwnedObject, Work
from clusters.reconcile.wire import LeaseLost, Wire, all_of
from clusters.restored import distrust, newest
from clusters.threads import in_thread

log = structlog.get_logger(__name__)

FEWEST = 8  # a list reads the whole cluster's objects: fewer Works are read one by one
BATCH = 500
SECRETS = Q(oid__startswith="core/Secret/")

Seen = dict[str, str]
"""uid → resourceVersion."""


async def glance(wire: Wire) -> int:
    """Put off the due Works that are as they were recorded; returns how many.

    Raises LeaseLost and what a call raises; a kind that may not be listed leaves its Works to be attempted.
    """
    if wire.held.inherited:
        return 0  # a write of the holder before us may still arrive
    due = await in_thread(_due, wire.held.cluster_id)
    if len(due) < FEWEST:
        return 0
    if await in_thread(newest, wire.held.cluster_id) > await wire.revision():
        await in_thread(distrust, wire.held.cluster_id)
        return 0
    kinds, secrets = await in_thread(_owned, wire.held.cluster_id, due)
    seen: Seen = {}
    for kind in kinds:
        # One after another: what is repaired meanwhile waits for a page at most.
        seen |= await _listed(wire, *kind)
    for found in await all_of(_read(wire, oid) for oid in secrets):
        seen |= found
    unchanged = 0
    for start in range(0, len(due), BATCH):
        unchanged += await in_thread(_put_off, wire.held, due[start : start + BATCH], seen)
    log.info("glanced", cluster=str(wire.held.cluster_id), due=len(due), unchanged=unchanged)
    return unchanged


def _settled(cluster_id: UUID) -> QuerySet[Work]:
    """Due for no other reason than the sweep: delivered and Healthy."""
    return Work.objects.filter(
        cluster_id=cluster_id, lane=Lane.SWEEP, next_check_at__lte=Now(), intent=Work.Intent.PRESENT,
        generation=F("settled_generation"), observed_generation=F("generation"), health__in=SETTLED, attempts=0,
    )  # fmt: skip


def _due(cluster_id: UUID) -> list[UUID]:
    return list(_settled(cluster_id).order_by("pk").values_list("pk", flat=True))


def _owned(cluster_id: UUID, works: Collection[UUID]) -> tuple[list[tuple[str, str]], list[ObjectId]]:
    """The kinds in the inventory that may be listed, and the Secrets of these Works, which never are."""
    kinds = [kind for kind in OwnedObject.objects.kinds(cluster_id) if kind != ("v1", "Secret")]
    secrets = OwnedObject.objects.filter(SECRETS, work__in=works, gone_at=None)
    return kinds, [ObjectId.parse(oid) for oid in secrets.values_list("oid", flat=True)]


async def _listed(wire: Wire, api_version: str, kind: str) -> Seen:
    resource = wire.kinds.find(api_version, kind)
    try:
        return await wire.versions(resource, LABEL_WORK) if resource else {}
    except ApiRefused as refusal:
        if refusal.unauthorized or refusal.transient:
            raise
        return {}


async def _read(wire: Wire, oid: ObjectId) -> Seen:
    try:
        return await wire.version(WELL_KNOWN["v1", "Secret"], oid)
    except ApiRefused as refusal:
        if refusal.unauthorized or refusal.transient:
            raise
        return {}


def _put_off(held: Held, ids: Collection[UUID], seen: Seen) -> int:
    """Give those of the Works that are as recorded their next sweep. Runs in a database thread."""
    with transaction.atomic():
        if not lease.holds(held):
            raise LeaseLost
        due = _settled(held.cluster_id).filter(pk__in=ids).order_by("pk")
        # What they may remove and still have is to be pruned, which an attempt does.
        works = dict(due.select_for_update(skip_locked=True).values_list("pk", "removable"))
        rows = OwnedObject.objects.filter(work__in=works)
        differing = {
            work
            for work, oid, uid, version in rows.filter(gone_at=None).values_list(
                "work_id", "oid", "uid", "resource_version"
            )
            if not version or seen.get(uid) != version or oid in works[work]
        }
        # A Secret that was removed is looked for by an attempt.
        differing |= set(rows.filter(SECRETS, gone_at__isnull=False).values_list("work_id", flat=True))
        unchanged = Work.objects.filter(pk__in=works.keys() - differing)
        return unchanged.update(next_check_at=next_sweep(held.cluster_id, database_time()))
