"""Removes a retired Work, phases backwards; a Work goes only after every Work that waits for it is gone.

A namespace goes with all that is in it, so it goes only when nothing in it is somebody else's; otherwise we give it up: our labels and
our row go, the namespace stays and is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clusters.faults import ApiRefused
from clusters.health import Health, Verdict
from clusters.inventory import is_protected
from clusters.kinds import Resource
from clusters.manifests import ANNOTATION_EPOCH, ObjectId
from clusters.reconcile.outcome import Outcome, Row
from clusters.reconcile.prune import delete, is_ours
from clusters.reconcile.wire import Wire, all_of
from clusters.reconcile.write import owner_of

ANNOTATION_RELEASED = "dougong.dev/released"

# What Kubernetes itself puts into every namespace, and records about what ran there.
_BUILT_IN = frozenset(
    {ObjectId("", "ConfigMap", "", "kube-root-ca.crt"), ObjectId("", "ServiceAccount", "", "default")}
)
_RECORDS = frozenset({"Event", "Endpoints", "EndpointSlice", "PodMetrics", "Lease"})


async def remove(wire: Wire, outcome: Outcome) -> None:
    """Remove the objects of the last phase that still has some; `outcome.finished` once none is left."""
    if outcome.assignment.waiting_for:
        outcome.waiting = True
        outcome.add("Waiting", "WaitedFor", f"Goes after {', '.join(outcome.assignment.waiting_for)}, which need it.")
        return
    await wire.confirm_identity()
    for row in [each for each in outcome.rows.values() if each.oid.kind == "Namespace" and not each.gone]:
        await _remove_namespace(wire, outcome, row)
    left = [row for row in outcome.rows.values() if not row.gone]
    while left and not outcome.failed and not _terminating(left):
        phase = max(row.phase for row in left)
        await all_of(_remove_one(wire, outcome, row) for row in left if row.phase == phase)
        before, left = left, [row for row in outcome.rows.values() if not row.gone]
        if any(row.phase == phase for row in left) or len(left) == len(before):
            break
    outcome.finished = not left and not outcome.failed
    outcome.pruning = bool(left)
    if left:
        outcome.add("Removing", "InProgress", f"{len(left)} objects are still there.")


def _terminating(left: Iterable[Row]) -> bool:
    """Deleting what is inside one by one would only race with the namespace controller."""
    return any(row.oid.kind == "Namespace" and row.reason == "Terminating" for row in left)


async def _remove_one(wire: Wire, outcome: Outcome, row: Row) -> None:
    if is_protected(row.oid) and row.oid not in outcome.assignment.retirement:
        await give_up(wire, outcome, row)
        outcome.report("Kept", id=str(row.oid))
        return
    await delete(wire, outcome, row)


async def _remove_namespace(wire: Wire, outcome: Outcome, row: Row) -> None:
    """Delete the namespace first, for its content goes along, or find out that it must stay."""
    if row.oid not in outcome.assignment.retirement:
        return  # its phase comes last, and then it is given up
    resource = wire.kinds.find(row.api_version, row.oid.kind)
    live = await wire.get(resource, row.oid) if resource else None
    if live is None or not is_ours(row, live):
        outcome.rows[row.oid] = row.absent()
    elif "deletionTimestamp" in live["metadata"]:
        outcome.rows[row.oid] = row.seen(Verdict(Health.PROGRESSING, "Terminating", _remaining(live)))
    else:
        strangers = await foreign(wire, row.oid.name, outcome.rows.values())
        if strangers:
            await _keep_namespace(wire, outcome, row, strangers)
            return
        await delete(wire, outcome, row)
    if outcome.rows[row.oid].gone:
        for inside in _within(outcome, row):
            outcome.rows[inside.oid] = inside.absent()
    else:
        goes_along = Verdict(Health.PROGRESSING, "NamespaceTerminating", "Goes with its namespace.")
        for inside in _within(outcome, row):
            outcome.rows[inside.oid] = inside.seen(goes_along)


async def _keep_namespace(wire: Wire, outcome: Outcome, row: Row, strangers: list[dict[str, str]]) -> None:
    # The RoleBinding is what lets us look inside; it goes last, or the next attempt would see nothing.
    for inside in sorted(_within(outcome, row), key=lambda each: each.oid.kind == "RoleBinding"):
        await delete(wire, outcome, inside)
    await give_up(wire, outcome, row)
    for stranger in strangers:
        outcome.report("NamespaceKept", **stranger)
    outcome.add(
        "NamespaceKept", "ForeignObjects", f"{row.oid.name} holds {len(strangers)} objects that are not ours and stays."
    )


def _within(outcome: Outcome, namespace: Row) -> list[Row]:
    return [row for row in outcome.rows.values() if row.oid.namespace == namespace.oid.name and not row.gone]


async def give_up(wire: Wire, outcome: Outcome, row: Row) -> None:
    """Take our labels, fields and claim off the object and leave it: from here on it is nobody's of ours."""
    resource = wire.kinds.find(row.api_version, row.oid.kind)
    live = await wire.get(resource, row.oid) if resource else None
    if resource is not None and live is not None and is_ours(row, live):
        metadata = {
            "name": row.oid.name, "uid": live["metadata"]["uid"],
            **({"namespace": row.oid.namespace} if row.oid.namespace else {}),
            "annotations": {ANNOTATION_RELEASED: row.claim, ANNOTATION_EPOCH: str(wire.held.epoch)},
        }  # fmt: skip
        body = {"apiVersion": row.api_version, "kind": row.oid.kind, "metadata": metadata}
        await wire.apply(resource, body, force=True)
        outcome.writes += 1
    outcome.rows[row.oid] = row.absent()


async def foreign(wire: Wire, namespace: str, rows: Iterable[Row]) -> list[dict[str, str]]:
    """What in the namespace is neither ours nor made by Kubernetes itself for ours: [{"id", "owner"}].

    An object with an owner is made for it, so it is ours when its owner is.
    """
    claims = {row.uid for row in rows if row.uid}
    found = [
        body
        for bodies in await all_of(_inside(wire, each, namespace) for each in wire.kinds.served())
        for body in bodies
    ]
    ours = set(claims)
    pending = [body for body in found if not _from_kubernetes(body, namespace) and body["metadata"]["uid"] not in ours]
    while True:
        made = [body for body in pending if _owners(body) and _owners(body) <= ours]
        if not made:
            break
        ours |= {body["metadata"]["uid"] for body in made}
        pending = [body for body in pending if body not in made]
    return sorted(
        ({"id": str(ObjectId.of(body)), "owner": owner_of(body)} for body in pending), key=lambda each: each["id"]
    )


async def _inside(wire: Wire, resource: Resource, namespace: str) -> list[dict[str, Any]]:
    if not resource.namespaced:
        return []
    try:
        return await wire.list(resource, namespace)
    except ApiRefused as refusal:
        if refusal.status in (404, 405):
            return []  # not a kind that holds objects
        raise


def _owners(body: Mapping[str, Any]) -> set[str]:
    return {str(each["uid"]) for each in body["metadata"].get("ownerReferences") or []}


def _from_kubernetes(body: Mapping[str, Any], namespace: str) -> bool:
    oid = ObjectId.of(body)
    return oid.kind in _RECORDS or ObjectId(oid.group, oid.kind, "", oid.name) in _BUILT_IN


def _remaining(live: Mapping[str, Any]) -> str:
    conditions = (live.get("status") or {}).get("conditions") or []
    said = "; ".join(str(each.get("message")) for each in conditions if each.get("status") == "True")
    return said or "The namespace is being emptied."
