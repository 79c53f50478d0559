"""The pods that the watcher sees, kept for people: one row a workload, written where it differs and not more often
than once a second.

`add` takes in what came, on the event loop; `write` runs in a database thread, beside it. What is kept in memory is one
short text a pod, so that a list of a workload can be made of what came in pieces. Nothing here makes a Work due.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import structlog
from django.db import DatabaseError, transaction

from clusters import observed
from clusters.models import Cluster, OwnedObject, WorkloadPods
from clusters.pods import seen, told, workload_of
from clusters.threads import in_thread
from clusters.watch.stream import Change, Listed, News

log = structlog.get_logger(__name__)

WRITE_SECONDS = 1.0


@dataclass
class Batch:
    """What of one cluster is to be written: workload → its pods, `clusters.pods.seen` values as JSON. `whole`: there
    are no others on the cluster.
    """

    lists: dict[str, list[bytes]]
    whole: bool = False


@dataclass
class _Known:
    """The pods of one cluster. `listed`: to the end once, before which it is known in part only."""

    workloads: dict[str, str] = field(default_factory=dict)  # by the pod's uid
    pods: dict[str, dict[str, bytes]] = field(default_factory=dict)  # by workload and uid
    changed: set[str] = field(default_factory=set)
    whole: bool = False
    listed: bool = False

    def note(self, uid: str, workload: str, state: bytes) -> None:
        """A pod as it is now; with an empty `workload` it is gone, or nobody's."""
        before = self.workloads.get(uid, "")
        if before and before != workload:
            self._drop(uid)
        if workload and self.pods.get(workload, {}).get(uid) != state:
            self.workloads[uid] = sys.intern(workload)
            self.pods.setdefault(workload, {})[uid] = state
            self.changed.add(workload)

    def keep_only(self, uids: frozenset[str]) -> None:
        """What a full list no longer has is gone."""
        for uid in self.workloads.keys() - uids:
            self._drop(uid)
        self.listed = self.whole = True

    def take(self) -> Batch | None:
        """What changed since the last time, if anything."""
        if not self.listed or not (self.whole or self.changed):
            return None
        chosen = self.pods.keys() if self.whole else self.changed
        batch = Batch({each: [*self.pods.get(each, {}).values()] for each in chosen}, self.whole)
        self.changed, self.whole = set(), False
        return batch

    def _drop(self, uid: str) -> None:
        workload = self.workloads.pop(uid)
        pods = self.pods[workload]
        del pods[uid]
        if not pods:
            del self.pods[workload]
        self.changed.add(workload)


class Pods:
    """Every pod of ours on the clusters that are followed."""

    def __init__(self) -> None:
        self._clusters: dict[UUID, _Known] = defaultdict(_Known)

    def add(self, changes: Iterable[News]) -> None:
        """Take in what came."""
        for change in changes:
            if isinstance(change, Listed) and change.kind == "Pod":
                self._clusters[change.cluster_id].keep_only(change.uids)
            elif isinstance(change, Change) and change.body["kind"] == "Pod":
                workload = "" if change.gone else workload_of(change.body)
                # A copy: what orjson returns holds the whole buffer it was written in.
                state = bytes(memoryview(orjson.dumps(seen(change.body)))) if workload else b""
                self._clusters[change.cluster_id].note(change.body["metadata"]["uid"], workload, state)

    def leave(self, cluster_id: UUID) -> None:
        """Forget a cluster that is no longer followed; its rows stay as what was last seen, until it goes itself."""
        self._clusters.pop(cluster_id, None)

    def take(self) -> dict[UUID, Batch]:
        """What is to be written, by cluster."""
        return {cluster_id: batch for cluster_id, known in self._clusters.items() if (batch := known.take())}

    def put_back(self, cluster_id: UUID, batch: Batch) -> None:
        """It could not be written."""
        if known := self._clusters.get(cluster_id):
            known.changed |= batch.lists.keys()
            known.whole |= batch.whole

    async def keep(self) -> None:
        """Write what changed, every second, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            for cluster_id, batch in self.take().items():
                try:
                    await in_thread(write, cluster_id, batch)
                except DatabaseError as fault:
                    log.warning("pods_delayed", cluster=str(cluster_id), fault=str(fault)[:200])
                    self.put_back(cluster_id, batch)


def write(cluster_id: UUID, batch: Batch) -> int:
    """Let the rows be as the batch says; how many were written or deleted, none where all is as it was.

    Pods of a workload that is not in the inventory are nobody's business here. Those who look at the owners of what
    changed are told. Runs in a database thread.
    """
    of_cluster = WorkloadPods.objects.filter(cluster_id=cluster_id)
    rows = (of_cluster if batch.whole else of_cluster.filter(oid__in=batch.lists)).values_list("oid", "total", "pods")
    there = {oid: (total, pods) for oid, total, pods in rows}
    owners = _owners(cluster_id, {*batch.lists, *there})
    living = {oid: pods for oid, pods in batch.lists.items() if pods and oid in owners}
    wanted = {oid: (len(pods), told(map(orjson.loads, pods))) for oid, pods in living.items()}
    gone = there.keys() - wanted.keys()
    differing = {oid: each for oid, each in wanted.items() if there.get(oid) != each}
    if not gone and not differing:
        return 0
    with transaction.atomic():
        # The cluster may be taken out of the fleet just now, and its rows with it.
        if not Cluster.objects.select_for_update(no_key=True).filter(pk=cluster_id).exists():
            return 0
        of_cluster.filter(oid__in=gone).delete()
        WorkloadPods.objects.bulk_create(
            [_row(cluster_id, oid, *each) for oid, each in sorted(differing.items())],
            update_conflicts=True, unique_fields=["cluster", "oid"], update_fields=["total", "pods", "changed_at"],
        )  # fmt: skip
        for kind, owner_id in {owners[oid] for oid in {*gone, *differing} if oid in owners}:
            observed.show(kind, owner_id)
    return len(gone) + len(differing)


def _row(cluster_id: UUID, oid: str, total: int, pods: list[dict[str, Any]]) -> WorkloadPods:
    namespace = oid.split("/")[2]
    return WorkloadPods(cluster_id=cluster_id, oid=oid, namespace=namespace, total=total, pods=pods)


def _owners(cluster_id: UUID, oids: Collection[str]) -> dict[str, tuple[str, UUID]]:
    """Workload in the inventory → whose it is."""
    rows = OwnedObject.objects.filter(cluster_id=cluster_id, oid__in=oids, gone_at=None, work__isnull=False)
    found = rows.values_list("oid", "work__owner_kind", "work__owner_id")
    return {oid: (kind, owner) for oid, kind, owner in found}
