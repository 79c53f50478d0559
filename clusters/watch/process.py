"""Who watches what: a task per cluster and kind, after the registry, and one that turns changes into due Works."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.db import DatabaseError

from clusters.due import deliverable
from clusters.kinds import WELL_KNOWN, Kinds, Resource
from clusters.models import Cluster, OwnedObject
from clusters.sessions import Access, Sessions, accesses_for
from clusters.threads import in_thread
from clusters.watch.notice import Notices, presses
from clusters.watch.pods import Pods
from clusters.watch.stream import News, follow

log = structlog.get_logger(__name__)

REGISTRY_SECONDS = 5.0
GATHER_SECONDS = 0.1  # changes come in bursts: a few queries for what comes together
PRESSING_SECONDS = 0.01
AGAIN_SECONDS = 0.1
BATCH = 500
QUEUE = 1000  # a full queue holds the streams back, and with them the servers; nothing is dropped

WATCHED = frozenset(
    key for key in WELL_KNOWN
    if key[1] not in (
        "Secret", "Node", "Event", "StorageClass", "ReplicaSet", "ResourceQuota", "LimitRange", "Gateway", "Role",
    )
)  # fmt: skip


@dataclass
class _Followed:
    """The streams of one cluster under one credential version."""

    access: Access
    tasks: dict[Resource, asyncio.Task[None]] = field(default_factory=dict)

    async def stop(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.tasks.clear()


class Watcher:
    """Follows every registered cluster that may be delivered to, until cancelled. `rounds`: looks at the registry."""

    def __init__(self) -> None:
        self._sessions = Sessions()
        self._queue: asyncio.Queue[News] = asyncio.Queue(QUEUE)
        self._followed: dict[UUID, _Followed] = {}
        self._notices = Notices()
        self._pods = Pods()
        self.rounds = 0

    def followed(self) -> set[UUID]:
        """The clusters followed now."""
        return set(self._followed)

    async def run(self) -> None:
        noticing = asyncio.create_task(self._notice())
        keeping = asyncio.create_task(self._pods.keep())
        try:
            while True:
                with contextlib.suppress(DatabaseError):  # a restarting PostgreSQL: the streams go on, we ask again
                    await self._follow_registry()
                    self.rounds += 1
                for each in (noticing, keeping):
                    if each.done():
                        each.result()
                await asyncio.sleep(REGISTRY_SECONDS)
        finally:
            noticing.cancel()
            keeping.cancel()
            await asyncio.gather(*(each.stop() for each in self._followed.values()), return_exceptions=True)
            await self._sessions.close()

    async def _follow_registry(self) -> None:
        wanted = await in_thread(_wanted)
        for cluster_id in [each for each in self._followed if each not in wanted]:
            await self._followed.pop(cluster_id).stop()
            self._pods.leave(cluster_id)
            await self._sessions.close(cluster_id)
        for cluster_id, (access, resources) in wanted.items():
            followed = self._followed.get(cluster_id)
            if followed is None or followed.access.version != access.version:
                if followed is not None:
                    await followed.stop()
                followed = self._followed[cluster_id] = _Followed(access)
            await self._adjust(followed, resources)

    async def _adjust(self, followed: _Followed, resources: set[Resource]) -> None:
        client = await self._sessions.get(followed.access)
        for resource, task in [*followed.tasks.items()]:
            if task.done():  # no fault that a stream knows of; it is begun anew below
                log.error("watch_ended", kind=resource.kind, exc_info=None if task.cancelled() else task.exception())
                del followed.tasks[resource]
        for resource in resources - followed.tasks.keys():
            stream = follow(client, followed.access.cluster_id, resource, self._queue.put)
            followed.tasks[resource] = asyncio.create_task(stream, name=f"watch {followed.access.name} {resource.kind}")
        for resource in followed.tasks.keys() - resources:
            followed.tasks.pop(resource).cancel()

    async def _notice(self) -> None:
        while True:
            changes: list[News] = []
            try:
                changes = await self._batch()
                self._pods.add(changes)
                self._notices.add(changes)
                woken = await in_thread(self._notices.judge)
            except DatabaseError as fault:
                log.warning("notice_delayed", fault=str(fault)[:200])
                await asyncio.sleep(1.0)
            except Exception:
                # One server's nonsense is not to end the watch of the others; the sweep finds what is lost here.
                log.exception("notice_failed", changes=len(changes))
                self._notices.drop()
            else:
                if woken:
                    log.debug("noticed", changes=len(changes), works=woken)

    async def _batch(self) -> list[News]:
        """The next changes; none where there are none for a moment and some wait to be judged again.

        They are gathered for a while, cut short where one of them may be drift.
        """
        changes: list[News] = []
        now = asyncio.get_running_loop().time
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_SECONDS if self._notices.left else None) as over:
                while len(changes) < BATCH:
                    changes.append(await self._queue.get())
                    longest = PRESSING_SECONDS if presses(changes[-1]) else GATHER_SECONDS
                    if len(changes) == 1 or now() + longest < (over.when() or 0.0):
                        over.reschedule(now() + longest)
        return changes


def _wanted() -> dict[UUID, tuple[Access, set[Resource]]]:
    """What to watch: the well-known kinds, and whatever else is in the inventory of a cluster, as far as served."""
    clusters = {each.pk: each for each in Cluster.objects.filter(deliverable())}
    wanted = {}
    for access in accesses_for(clusters.values()):
        cluster = clusters[access.cluster_id]
        kinds = WATCHED.union(OwnedObject.objects.kinds(cluster.pk))
        served = Kinds(cluster.resources)
        found = {served.find(*kind) for kind in kinds if kind != ("v1", "Secret")}
        wanted[cluster.pk] = (access, {each for each in found if each is not None})
    return wanted
