"""What a batch of watched changes means: which Works are due, and which late creates of removed objects are orphans.

A Work is due only if the fields we own or the health of an object changed; pods map to the Works of their namespace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from clusters.due import due
from clusters.fields import live_digest
from clusters.health import assess, explain_pods
from clusters.manifests import FIELD_MANAGER, ObjectId, claim_of
from clusters.models import Lane, OwnedObject, Work
from clusters.orphans import take_in
from clusters.restored import distrust
from clusters.watch.stream import Change, Listed, News, Rewound

_REPLICAS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet")


class Pods:
    """The last seen state of each pod, as a short text: most pod events change nothing that anybody is told."""

    def __init__(self) -> None:
        self._seen: dict[UUID, dict[str, str]] = defaultdict(dict)

    def changed(self, change: Change) -> bool:
        """Whether this event tells something new of its pod."""
        seen, uid = self._seen[change.cluster_id], change.body["metadata"]["uid"]
        if change.gone:
            return seen.pop(uid, None) is not None
        before, seen[uid] = seen.get(uid), _pod_state(change.body)
        return before != seen[uid]

    def forget(self, listed: Listed) -> None:
        """Drop the pods that a full list of their cluster no longer has."""
        seen = self._seen[listed.cluster_id]
        self._seen[listed.cluster_id] = {uid: state for uid, state in seen.items() if uid in listed.uids}


def _pod_state(body: dict[str, Any]) -> str:
    verdict = assess(body)
    why = explain_pods([body])
    return f"{verdict.health} {verdict.reason} {why.reason if why else ''}"


def notice(changes: Iterable[News], pods: Pods) -> int:
    """Make due what the changes concern; returns how many Works. Runs in a database thread."""
    works: set[UUID] = set()
    namespaces: set[tuple[UUID, str]] = set()
    objects: dict[tuple[UUID, str], Change] = {}
    for change in changes:
        if isinstance(change, Rewound):
            works |= _distrusted(change.cluster_id)
        elif isinstance(change, Listed):
            works |= _missing(change)
            if change.kind == "Pod":
                pods.forget(change)
        elif change.body["kind"] == "Pod":
            if pods.changed(change):
                namespaces.add((change.cluster_id, change.body["metadata"]["namespace"]))
        else:
            objects[change.cluster_id, str(ObjectId.of(change.body))] = change
    works |= _changed(objects)
    for cluster_id, namespace in namespaces:
        works |= _behind(cluster_id, namespace)
    return due(Work.objects.filter(pk__in=works), Lane.DRIFT) if works else 0


def _changed(objects: dict[tuple[UUID, str], Change]) -> set[UUID]:
    """The Works of objects that differ from what their row says; the claim of a removed row makes an orphan."""
    works: set[UUID] = set()
    for cluster_id in {cluster for cluster, _ in objects}:
        of_cluster = {oid: change for (cluster, oid), change in objects.items() if cluster == cluster_id}
        rows = {
            row.oid: row for row in OwnedObject.objects.filter(cluster_id=cluster_id, oid__in=of_cluster, gone_at=None)
        }
        for oid, change in of_cluster.items():
            row = rows.get(oid)
            if row is None:
                # Under the claim of a removed row: created late, or restored.
                if not change.gone and (claim := claim_of(change.body)):
                    take_in(cluster_id, claim)
            elif row.work_id is not None and _matters(row, change):
                works.add(row.work_id)
    return works


def _matters(row: OwnedObject, change: Change) -> bool:
    body = change.body
    if change.gone or body["metadata"]["uid"] != row.uid or "deletionTimestamp" in body["metadata"]:
        return True
    if row.live_digest != live_digest(body, FIELD_MANAGER):
        return True
    verdict = assess(body)
    # A workload's row tells what its pods say, which the object alone does not; only its health is compared.
    return row.health != verdict.health or (body["kind"] not in _REPLICAS and row.reason != verdict.reason[:80])


def _missing(listed: Listed) -> set[UUID]:
    """Works with an object that a full list no longer has: it was deleted while nobody watched."""
    if listed.kind == "Pod":
        return set()
    group = listed.api_version.rpartition("/")[0] or "core"
    rows = OwnedObject.objects.filter(
        cluster_id=listed.cluster_id, oid__startswith=f"{group}/{listed.kind}/", gone_at=None
    ).exclude(uid="")
    return {work for uid, work in rows.values_list("uid", "work_id") if uid not in listed.uids and work is not None}


def _distrusted(cluster_id: UUID) -> set[UUID]:
    """All Works of a cluster whose history went back, unless another of its streams has said so just now."""
    if not distrust(cluster_id):
        return set()
    return set(Work.objects.filter(cluster_id=cluster_id).values_list("pk", flat=True))


def _behind(cluster_id: UUID, namespace: str) -> set[UUID]:
    """The Works whose workloads run in the namespace."""
    kinds = tuple(f"/{kind}/" for kind in _REPLICAS)
    rows = OwnedObject.objects.filter(cluster_id=cluster_id, namespace=namespace, gone_at=None, work__isnull=False)
    return {
        work
        for oid, work in rows.values_list("oid", "work_id")
        if work is not None and any(kind in oid for kind in kinds)
    }
