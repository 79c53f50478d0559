"""What a batch of watched changes means: which Works are due, and which late creates of removed objects are orphans.

A Work is due only if the fields we own or the health of an object changed; pods map to the Works of their namespace.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from clusters import bulk
from clusters.due import due
from clusters.fields import live_digest, may_be_anothers
from clusters.health import assess, explain_pods
from clusters.manifests import FIELD_MANAGER, ObjectId, claim_of
from clusters.models import Lane, OwnedObject, Work
from clusters.orphans import take_in
from clusters.restored import distrust
from clusters.watch.stream import Change, Listed, News, Rewound

ECHO_SECONDS = 1.0
ECHO_LOOK_SECONDS = 0.25
HEALTH_SECONDS = 0.5
_REPLICAS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet")

_ROWS = """
    SELECT owned.oid, owned.work_id, owned.uid, owned.resource_version, owned.live_digest, owned.health, owned.reason,
        owned.message, (work.next_check_at <= statement_timestamp() AND work.lane <= %s) IS TRUE
    FROM clusters_ownedobject AS owned LEFT JOIN clusters_work AS work ON work.id = owned.work_id
    WHERE owned.cluster_id = %s AND owned.oid = ANY(%s) AND owned.gone_at IS NULL
"""


class _Row(NamedTuple):
    """What is known of an object; `is_due`: its Work is, and soon."""

    oid: str
    work_id: UUID | None
    uid: str
    resource_version: str
    live_digest: str
    health: str
    reason: str
    message: str
    is_due: bool


def presses(change: News) -> bool:
    """Whether it may be drift: another's hand, or something that goes. Our own writes and news of health are not."""
    if not isinstance(change, Change) or change.body["kind"] == "Pod":
        return False
    return change.gone or "deletionTimestamp" in change.body["metadata"] or may_be_anothers(change.body, FIELD_MANAGER)


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


@dataclass(frozen=True, slots=True)
class _Unjudged:
    """A change of an object, when the first of those came that it stands for, and when to judge it."""

    change: Change
    since: float
    at: float = 0.0


class Notices:
    """Watched changes till they have become due Works.

    A change of an object whose Work is due already waits till that has been recorded, a second at most: mostly it is
    the echo of the very attempt, and what is no other's hand is looked at less often. News of health, of pods above
    all, is gathered for half a second, a rollout being many steps.
    """

    def __init__(self) -> None:
        self._pods = Pods()
        self._lists: list[Listed | Rewound] = []
        self._objects: dict[tuple[UUID, str], _Unjudged] = {}
        self._namespaces: dict[tuple[UUID, str], float] = {}

    @property
    def left(self) -> bool:
        """Whether something waits to be judged (again)."""
        return bool(self._lists or self._objects or self._namespaces)

    def add(self, changes: Iterable[News]) -> None:
        """Take in what came; of several changes of one object the last counts."""
        now = time.monotonic()
        for change in changes:
            if not isinstance(change, Change):
                self._lists.append(change)
                if isinstance(change, Listed) and change.kind == "Pod":
                    self._pods.forget(change)
            elif change.body["kind"] == "Pod":
                if self._pods.changed(change):
                    self._namespaces.setdefault((change.cluster_id, change.body["metadata"]["namespace"]), now)
            else:
                key = change.cluster_id, str(ObjectId.of(change.body))
                known = self._objects.get(key)
                self._objects[key] = _Unjudged(change, known.since if known else now)

    def judge(self) -> int:
        """Make due what the changes concern; returns how many Works. Where it raises, all waits for the next time.

        Runs in a database thread, not together with `add`.
        """
        now = time.monotonic()
        ripe_objects = {key: each for key, each in self._objects.items() if each.at <= now}
        works, waiting = _changed(ripe_objects, now)
        for each in self._lists:
            works |= _missing(each) if isinstance(each, Listed) else _distrusted(each.cluster_id)
        ripe = {each for each, since in self._namespaces.items() if since <= now - HEALTH_SECONDS}
        for cluster_id, namespace in ripe:
            works |= _behind(cluster_id, namespace)
        woken = due(Work.objects.filter(pk__in=works), Lane.DRIFT) if works else 0
        self._lists.clear()
        self._objects = {key: each for key, each in self._objects.items() if key not in ripe_objects} | waiting
        self._namespaces = {each: since for each, since in self._namespaces.items() if each not in ripe}
        return woken

    def drop(self) -> None:
        """Forget what waits: something in it cannot be judged."""
        self._lists.clear()
        self._objects.clear()
        self._namespaces.clear()


def _changed(
    objects: dict[tuple[UUID, str], _Unjudged], now: float
) -> tuple[set[UUID], dict[tuple[UUID, str], _Unjudged]]:
    """The Works of objects that differ from what their row says, and what is to be judged later.

    The claim of a removed row makes an orphan.
    """
    works: set[UUID] = set()
    waiting: dict[tuple[UUID, str], _Unjudged] = {}
    for cluster_id in {cluster for cluster, _ in objects}:
        of_cluster = {oid: each for (cluster, oid), each in objects.items() if cluster == cluster_id}
        rows = {row.oid: row for row in _rows(cluster_id, of_cluster)}
        for oid, each in of_cluster.items():
            row, change = rows.get(oid), each.change
            if row is None:
                # Under the claim of a removed row: created late, or restored.
                if not change.gone and (claim := claim_of(change.body)):
                    take_in(cluster_id, claim)
            elif row.work_id is None or _is_known(row, change):
                continue
            elif row.is_due and now - each.since < ECHO_SECONDS:
                waiting[cluster_id, oid] = replace(each, at=now + (0.0 if presses(change) else ECHO_LOOK_SECONDS))
            elif _has_drifted(row, change):
                works.add(row.work_id)
            elif _fares_otherwise(row, change):
                if now - each.since < HEALTH_SECONDS:
                    waiting[cluster_id, oid] = replace(each, at=each.since + HEALTH_SECONDS)
                else:
                    works.add(row.work_id)
    return works, waiting


def _rows(cluster_id: UUID, oids: Iterable[str]) -> Iterable[_Row]:
    """The rows in force."""
    return map(_Row._make, bulk.read(_ROWS, [int(Lane.DRIFT), cluster_id, [*oids]]))


def _is_known(row: _Row, change: Change) -> bool:
    """Whether the row was written of this very version of the object."""
    metadata = change.body["metadata"]
    return not change.gone and (metadata["uid"], metadata["resourceVersion"]) == (row.uid, row.resource_version)


def _has_drifted(row: _Row, change: Change) -> bool:
    body = change.body
    if change.gone or body["metadata"]["uid"] != row.uid or "deletionTimestamp" in body["metadata"]:
        return True
    return row.live_digest != live_digest(body, FIELD_MANAGER)


def _fares_otherwise(row: _Row, change: Change) -> bool:
    body, verdict = change.body, assess(change.body)
    if body["kind"] == "HorizontalPodAutoscaler" and row.message != verdict.message:
        return True  # it has scaled: what it decided is told while its events last
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
