"""Deletes what a stored change named, by uid and resourceVersion, once the generation is Healthy; holds all else.

Before the first delete the cluster's identity is confirmed by this very client. A ConfigMap or Secret stays while
something that runs names it. What a person named goes at once: a generation may be stuck on the very thing that is to
go. An autoscaler goes just before its workload is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from clusters.faults import ApiRefused
from clusters.health import Health, Verdict
from clusters.inventory import NAMED_BY_PODS, PrunePlan, plan_prune, referenced
from clusters.kinds import WELL_KNOWN
from clusters.manifests import ObjectId, claim_of, epoch_of
from clusters.reconcile.hiding import hide, values_in
from clusters.reconcile.outcome import Outcome, Row
from clusters.reconcile.wire import Wire, all_of

_RUNNING = (("apps/v1", "ReplicaSet"), ("v1", "Pod"), ("batch/v1", "Job"))
# What writes to our objects itself.
_WRITERS = frozenset({("autoscaling", "HorizontalPodAutoscaler")})


async def prune_writers(wire: Wire, outcome: Outcome) -> None:
    """Remove the stale autoscalers: one that stayed till all is Healthy would fight the replicas now desired for that
    long.
    """
    plan = _plan(outcome)
    candidates = [oid for oid in (*plan.delete, *plan.unconfirmed) if (oid.group, oid.kind) in _WRITERS]
    if candidates:
        await wire.confirm_identity()
        await all_of(_prune_one(wire, outcome, oid, set()) for oid in candidates)


async def prune(wire: Wire, outcome: Outcome, *, healthy: bool) -> None:
    """Remove the stale objects of a present Work; lists what it may not touch (`PruneHeld`) and what still waits."""
    assignment, plan = outcome.assignment, _plan(outcome)
    for oid in plan.held:
        outcome.report("PruneHeld", id=str(oid))
    if plan.held:
        outcome.add("PruneHeld", "NotNamed", f"{len(plan.held)} objects are kept because no stored change named them.")
    candidates = [*plan.delete, *plan.unconfirmed]
    if not healthy:
        if assignment.late:
            for oid in candidates:
                outcome.report("WouldPrune", id=str(oid))
        candidates = [oid for oid in candidates if oid in assignment.retirement]
    if candidates:
        await wire.confirm_identity()
        used = await in_use(wire, candidates)
        await all_of(_prune_one(wire, outcome, oid, used) for oid in candidates)


def _plan(outcome: Outcome) -> PrunePlan:
    assignment = outcome.assignment
    owned = {row.oid: row.uid or None for row in outcome.rows.values() if not row.gone}
    desired = {each.id for each in assignment.manifests}
    return plan_prune(owned, desired, assignment.removable, named=assignment.retirement)


async def _prune_one(wire: Wire, outcome: Outcome, oid: ObjectId, used: set[ObjectId]) -> None:
    row = outcome.rows[oid]
    if oid in used:
        outcome.rows[oid] = row.seen(Verdict(Health.HEALTHY, "StillNamed", "Kept while something that runs names it."))
        outcome.kept = True
        return
    await delete(wire, outcome, row)
    outcome.going = outcome.going or not outcome.rows[oid].gone


async def delete(wire: Wire, outcome: Outcome, row: Row) -> None:
    """Delete the row's own object; its row becomes `gone` once the cluster says so, and says Terminating till then."""
    resource, live = wire.kinds.find(row.api_version, row.oid.kind), await own(wire, row)
    if resource is None or live is None:
        outcome.rows[row.oid] = row.absent()
        return
    metadata = live["metadata"]
    # A delete carries no epoch that the fence could refuse: who wrote this after us has the lease.
    await wire.outgrow(epoch_of(live) - 1)
    try:
        if "deletionTimestamp" not in metadata:
            taken = await wire.delete(
                resource, row.oid, uid=metadata["uid"], resource_version=metadata["resourceVersion"]
            )
            if taken:
                outcome.wrote("delete", row.oid, metadata)
            # Who takes a delete by uid is our cluster; who knows no such object may be another.
            live = await (wire.get(resource, row.oid) if taken else own(wire, row))
    except ApiRefused as refusal:
        if refusal.unauthorized:
            raise
        hide(refusal, values_in(live))
        if refusal.status != HTTPStatus.CONFLICT:  # it changed under us: the next attempt reads again
            reason, message = outcome.refused("DeleteFailed", refusal, row.oid)
            outcome.rows[row.oid] = row.seen(Verdict(Health.DEGRADED, reason, message))
            return
    if live is None or not is_ours(row, live):
        outcome.rows[row.oid] = row.absent()
    else:
        outcome.rows[row.oid] = row.seen(Verdict(Health.PROGRESSING, "Terminating", _finalizers(live)))


async def own(wire: Wire, row: Row) -> dict[str, Any] | None:
    """The row's own live object, or None where there is none.

    Another cluster at this address would say that too, and may hold what once slipped through to it under our claim: on
    anything but our very uid the identity is confirmed. Raises IdentityChanged.
    """
    resource = wire.kinds.find(row.api_version, row.oid.kind)
    try:
        live = await wire.get(resource, row.oid) if resource else None
    except ApiRefused as refusal:
        if refusal.status != HTTPStatus.FORBIDDEN or not await _is_out_of_reach(wire, row):
            raise
        live = None
    if live is None or live["metadata"]["uid"] != row.uid:
        await wire.confirm_identity()
    return live if live is not None and is_ours(row, live) else None


async def _is_out_of_reach(wire: Wire, row: Row) -> bool:
    """Whether there is nothing to look for: our right to look in went with the namespace, and so did all in it.

    Or the namespace is somebody else's, and what was to be in it was never known to be made.
    """
    namespace = row.oid.namespace
    if not namespace:
        return False
    live = await wire.get(WELL_KNOWN["v1", "Namespace"], ObjectId("", "Namespace", "", namespace))
    return live is None or (not row.uid and not claim_of(live))


def is_ours(row: Row, live: Mapping[str, Any]) -> bool:
    """Whether the live object is the row's: the uid that we wrote, or (after a crash or a restore) a claim of ours."""
    return live["metadata"]["uid"] == row.uid or claim_of(live) in (row.claim, *row.former_claims)


def _finalizers(live: Mapping[str, Any]) -> str:
    names = ", ".join(live["metadata"].get("finalizers") or [])
    return f"Waits for the finalizers {names}." if names else "Being deleted."


async def in_use(wire: Wire, candidates: Iterable[ObjectId]) -> set[ObjectId]:
    """Of these ids, those that a ReplicaSet with replicas, a Pod or an unfinished Job names."""
    config = {each for each in candidates if (each.group, each.kind) in NAMED_BY_PODS}
    lists = await all_of(
        wire.list(WELL_KNOWN[kind], namespace) for namespace in {each.namespace for each in config} for kind in _RUNNING
    )
    return config & referenced(body for bodies in lists for body in bodies)
