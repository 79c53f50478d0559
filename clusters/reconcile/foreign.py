"""What in a namespace is neither ours nor made by Kubernetes itself: it would be destroyed with the namespace."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from clusters.faults import ApiRefused
from clusters.kinds import Kinds, Resource
from clusters.manifests import ObjectId, claim_of
from clusters.reconcile.outcome import Row
from clusters.reconcile.wire import Wire, all_of
from clusters.reconcile.write import owner_of

# What Kubernetes itself puts into every namespace, and records about what ran there.
_BUILT_IN = frozenset(
    {ObjectId("", "ConfigMap", "", "kube-root-ca.crt"), ObjectId("", "ServiceAccount", "", "default")}
)
_RECORDS = frozenset({"Event", "Endpoints", "EndpointSlice", "PodMetrics", "Lease"})

Body = Mapping[str, Any]


class MayNotLook(Exception):  # noqa: N818 - a fact about our rights, told by its name
    """Some kind may not be listed, or its list is not whole, so nobody can say that nothing foreign is there."""


async def strangers_in(wire: Wire, namespace: str, ours: Collection[Row]) -> list[dict[str, str]]:
    """[{"id", "owner"}] of what is not ours, sorted. Raises MayNotLook.

    What is made for something of ours is ours; what is going already, or belongs to nobody who is still there and so is
    about to be collected, is not waited for.
    """
    lists = await all_of(_inside(wire, each, namespace) for each in _one_version_each(wire.kinds))
    found = {body["metadata"]["uid"]: body for bodies in lists for body in bodies}
    await _are_whole(wire, namespace, found, ours)
    uids, claims = {row.uid for row in ours}, {claim for row in ours for claim in (row.claim, *row.former_claims)}
    known = {uid for uid, body in found.items() if uid in uids or claim_of(body) in claims}
    while made := {
        uid for uid, body in found.items() if uid not in known and _made_for(body, known, found, wire.kinds)
    }:
        known |= made
    strangers = [body for uid, body in found.items() if uid not in known and not _leaves(body)]
    said = [{"id": str(ObjectId.of(body)), "owner": owner_of(body)} for body in strangers]
    return sorted(said, key=lambda each: each["id"])


async def _are_whole(wire: Wire, namespace: str, found: Collection[str], ours: Iterable[Row]) -> None:
    """Raise MayNotLook where the lists leave out what is there by name: then they may leave out others' things too."""
    for row in ours:
        if row.uid and row.uid not in found and row.oid.namespace == namespace and row.oid.kind not in _RECORDS:
            resource = wire.kinds.find(row.api_version, row.oid.kind)
            live = await wire.get(resource, row.oid) if resource else None
            if live is not None and live["metadata"]["uid"] == row.uid:
                raise MayNotLook(f"{row.oid} is there, but no list shows it.")


def _one_version_each(kinds: Kinds) -> Iterable[Resource]:
    """A kind that is served in several versions, or groups of the same objects, is listed once per group."""
    return {
        (each.api_version.rpartition("/")[0], each.kind): each for each in kinds.served() if each.namespaced
    }.values()


async def _inside(wire: Wire, resource: Resource, namespace: str) -> list[dict[str, Any]]:
    if resource.kind in _RECORDS:
        return []
    try:
        return await wire.list(resource, namespace)
    except ApiRefused as refusal:
        if refusal.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            return []  # not a kind that holds objects
        if refusal.status == HTTPStatus.FORBIDDEN:
            raise MayNotLook(refusal.message) from refusal
        raise


def _made_for(body: Body, known: set[str], found: Mapping[str, Body], kinds: Kinds) -> bool:
    owners = body["metadata"].get("ownerReferences") or []
    return bool(owners) and all(each["uid"] in known or _is_gone(each, found, kinds) for each in owners)


def _is_gone(owner: Body, found: Mapping[str, Body], kinds: Kinds) -> bool:
    """Whether an owner that would have to be in this namespace is not."""
    resource = kinds.find(str(owner["apiVersion"]), str(owner["kind"]))
    return resource is not None and resource.namespaced and owner["uid"] not in found


def _leaves(body: Body) -> bool:
    """Built in, or being deleted already."""
    oid = ObjectId.of(body)
    return ObjectId(oid.group, oid.kind, "", oid.name) in _BUILT_IN or "deletionTimestamp" in body["metadata"]
