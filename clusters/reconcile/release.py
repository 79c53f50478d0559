"""Gives an object up: our labels and claim go, its content stays, and from then on it is nobody's of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clusters.faults import ApiRefused
from clusters.fields import owned_fields
from clusters.kinds import Resource
from clusters.manifests import ANNOTATION_EPOCH, FIELD_MANAGER, epoch_of
from clusters.orphans import KEPT
from clusters.reconcile.hiding import hide, values_in
from clusters.reconcile.outcome import Outcome, Row
from clusters.reconcile.prune import own
from clusters.reconcile.wire import Wire

ANNOTATION_RELEASED = "dougong.dev/released"


async def give_up(wire: Wire, outcome: Outcome, row: Row) -> None:
    """Release the object on the cluster and bury its row. A refusal is stated, and the row stays."""
    resource, live = wire.kinds.find(row.api_version, row.oid.kind), None
    try:
        live = await own(wire, row)
        if resource is not None and live is not None:
            released = await _release(wire, resource, row, live)
            outcome.wrote("release", row.oid, released["metadata"])
    except ApiRefused as refusal:
        if refusal.unauthorized:
            raise
        hide(refusal, values_in(live))
        outcome.refused("ReleaseFailed", refusal, row.oid)
        return
    outcome.rows[row.oid] = replace(row.absent(), reason=KEPT)


async def _release(wire: Wire, resource: Resource, row: Row, live: dict[str, Any]) -> dict[str, Any]:
    await wire.outgrow(epoch_of(live) - 1)  # the fence wants an epoch not lower, also from one who leaves
    # What we said of the content is said again: much of it (a claim's storage) may not be taken away.
    content = owned_fields(live, FIELD_MANAGER)
    metadata = {
        "name": row.oid.name,
        "uid": live["metadata"]["uid"],
        "annotations": {ANNOTATION_RELEASED: row.claim, ANNOTATION_EPOCH: str(wire.held.epoch)},
    }
    if row.oid.namespace:
        metadata["namespace"] = row.oid.namespace
    body = {**content, "apiVersion": row.api_version, "kind": row.oid.kind, "metadata": metadata}
    return await wire.apply(resource, body, force=True)
