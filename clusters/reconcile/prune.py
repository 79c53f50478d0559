"""Deletes what a stored change named, by uid and resourceVersion, once the generation is Healthy; holds everything else.

Before the first delete the cluster's identity is confirmed on this very connection. A ConfigMap or Secret stays while something that
runs names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clusters.faults import ApiRefused
from clusters.health import Health, Verdict
from clusters.inventory import plan_prune, referenced
from clusters.kinds import WELL_KNOWN
from clusters.manifests import ObjectId, claim_of
from clusters.reconcile.outcome import Outcome, Row
from clusters.reconcile.refusals import explain
from clusters.reconcile.wire import Wire, all_of

_RUNNING = (("apps/v1", "ReplicaSet"), ("v1", "Pod"), ("batch/v1", "Job"))


async def prune(
    wire: Wire, outcome: Outcome, lives: Mapping[ObjectId, dict[str, Any] | None], *, healthy: bool
) -> None:
    """Remove the stale objects of a present Work; lists what it may not touch (`PruneHeld`) and what still waits."""
    assignment = outcome.assignment
    owned = {row.oid: row.uid or None for row in outcome.rows.values() if not row.gone}
    plan = plan_prune(owned, {each.id for each in assignment.manifests}, assignment.removable)
    for oid in plan.held:
        outcome.report("PruneHeld", id=str(oid))
    if plan.held:
        outcome.add("PruneHeld", "NotNamed", f"{len(plan.held)} objects are kept because no stored change named them.")
    candidates = (*plan.delete, *plan.unconfirmed)
    if candidates and not healthy:
        if assignment.late:
            for oid in candidates:
                outcome.report("WouldPrune", id=str(oid))
        return
    if candidates:
        await wire.confirm_identity()
        used = await in_use(wire, candidates)
        await all_of(_prune_one(wire, outcome, oid, used) for oid in candidates)


async def _prune_one(wire: Wire, outcome: Outcome, oid: ObjectId, used: set[ObjectId]) -> None:
    row = outcome.rows[oid]
    if oid in used:
        outcome.rows[oid] = row.seen(Verdict(Health.HEALTHY, "StillNamed", "Kept while something that runs names it."))
        outcome.pruning = True
        return
    await delete(wire, outcome, row)
    outcome.pruning = outcome.pruning or not outcome.rows[oid].gone


async def delete(wire: Wire, outcome: Outcome, row: Row) -> None:
    """Delete the row's own object; its row becomes `gone` once the cluster says so, and says Terminating till then."""
    resource = wire.kinds.find(row.api_version, row.oid.kind)
    live = await wire.get(resource, row.oid) if resource else None
    if resource is None or live is None or not is_ours(row, live):
        outcome.rows[row.oid] = row.absent()
        return
    metadata = live["metadata"]
    try:
        if "deletionTimestamp" not in metadata:
            outcome.writes += 1
            await wire.delete(resource, row.oid, uid=metadata["uid"], resource_version=metadata["resourceVersion"])
            live = await wire.get(resource, row.oid)
    except ApiRefused as refusal:
        if refusal.unauthorized:
            raise
        if refusal.status != 409:  # it changed under us: the next attempt reads again
            reason, message = explain(refusal)
            outcome.fail("DeleteFailed", reason, f"{row.oid}: {message}")
    gone = live is None or not is_ours(row, live)
    outcome.rows[row.oid] = (
        row.absent() if gone else row.seen(Verdict(Health.PROGRESSING, "Terminating", _finalizers(live)))
    )


def is_ours(row: Row, live: Mapping[str, Any]) -> bool:
    """Whether the live object is the row's: the uid that we wrote, or (where a crash kept it from us) our claim."""
    return live["metadata"]["uid"] == row.uid if row.uid else claim_of(live) in (row.claim, *row.former_claims)


def _finalizers(live: Mapping[str, Any] | None) -> str:
    names = ", ".join((live or {}).get("metadata", {}).get("finalizers") or [])
    return f"Waits for the finalizers {names}." if names else "Being deleted."


async def in_use(wire: Wire, candidates: Iterable[ObjectId]) -> set[ObjectId]:
    """Of these ids, the ConfigMaps and Secrets that a ReplicaSet with replicas, a Pod or an unfinished Job names."""
    config = {each for each in candidates if each.kind in ("ConfigMap", "Secret")}
    lists = await all_of(
        wire.list(WELL_KNOWN[kind], namespace) for namespace in {each.namespace for each in config} for kind in _RUNNING
    )
    return config & referenced(body for bodies in lists for body in bodies)
