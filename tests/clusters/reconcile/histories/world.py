"""Two real clusters, each behind a proxy, and one control plane without processes: a test says when who does what.

Time is the database's and is moved there: what would be due later is made due, what would expire later has expired.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from clusters.breaker import CLOSED
from clusters.client import APPLY, ClusterClient, Endpoint
from clusters.faults import ApiRefused
from clusters.kinds import WELL_KNOWN, Kinds, Resource
from clusters.models import Cluster, ClusterCredential, Lease, Work
from clusters.probe import probe_clusters
from clusters.reconcile.drain import drain_due
from clusters.sessions import Sessions, access_for
from clusters.threads import in_thread
from clusters.watch.notice import Notices
from clusters.watch.process import WATCHED
from clusters.watch.stream import Change, Listed, follow
from tests.fault_proxy import After, Fault, FaultProxy, Request, Reset

# What an application of these histories is made of.
KINDS = (
    "Namespace", "ServiceAccount", "RoleBinding", "ResourceQuota", "LimitRange", "NetworkPolicy", "ConfigMap", "Secret",
    "Service", "Deployment", "HTTPRoute",
)  # fmt: skip
WRITES = ("PATCH", "POST", "PUT", "DELETE")
A_MOMENT = timedelta(seconds=1)


@dataclass
class Place:
    """A cluster: its row, the proxy before it, its administrator, and as whom the platform writes."""

    row: Cluster
    proxy: FaultProxy
    admin: Any
    writer: Endpoint
    cut: bool = False

    def inside(self, namespace: str) -> list[dict[str, Any]]:
        """The objects in a namespace, of the kinds of an application."""

        async def listed(client: ClusterClient) -> list[list[dict[str, Any]]]:
            kinds = [each for each in WELL_KNOWN.values() if each.kind in KINDS and each.namespaced]
            return [items for items, _ in await asyncio.gather(*(client.list(each, namespace) for each in kinds))]

        return [body for items in self.admin.until(listed) for body in items]

    def everything(self, resource: Resource, namespace: str) -> list[dict[str, Any]]:
        """All objects of a kind; what cannot be listed has none."""
        try:
            items = self.admin.request("GET", resource.path(namespace))["items"]
        except ApiRefused:
            return []
        return [{**each, "apiVersion": resource.api_version, "kind": resource.kind} for each in items]


@dataclass
class Death:
    """A worker dies at its `at`-th request, or write; `how` tells what becomes of that request.

    unseen: it was never sent. done: it was carried out, and nobody heard the answer. late: it is on its way still.
    """

    at: int
    writes: bool
    how: str
    request: Request | None = field(default=None, repr=False)
    place: Place | None = field(default=None, repr=False)
    kill: Callable[[], Any] = field(default=lambda: None, repr=False)
    _counted: int = field(default=0, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def met(self, place: Place, request: Request) -> Fault | None:
        """What befalls a request; asked from the threads of both proxies."""
        with self._lock:
            if self.request is not None:
                return Reset()  # the dead send nothing
            if self.writes and request.method not in WRITES:
                return None
            self._counted += 1
            if self._counted <= self.at:
                return None
            self.request, self.place = request, place
        if self.how == "done":
            return After(lambda _: self.kill())
        self.kill()
        return Reset()


class World:
    """All that a history happens to. `changed`: something may have been written since it was last looked at."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = {each.row.name: each for each in places}
        self.changed = False
        self._late: list[tuple[Place, Request]] = []
        # A worker's loop and sessions live as long as the worker does.
        self._loop = asyncio.Runner()
        self._sessions = Sessions()

    def close(self) -> None:
        self._loop.run(self._sessions.close())
        self._loop.close()

    def drain(self, death: Death | None = None) -> bool:
        """One drain of everything that is due; whether the worker died of it, and another one took its place."""
        self.changed = True
        try:
            self._loop.run(self._drain(death))
        except asyncio.CancelledError:
            if death is None or death.request is None:
                raise
        finally:
            for place in self.places.values():
                place.proxy.script = lambda _: None
        if death is None or death.request is None or death.place is None:
            return False
        if death.how == "late" and death.request.method in WRITES:
            self._late.append((death.place, death.request))
        self._loop.run(self._sessions.close())
        return True

    async def _drain(self, death: Death | None) -> None:
        if death is not None:
            self._expect(death, asyncio.get_running_loop(), asyncio.current_task())
        await drain_due(self._sessions)

    def _expect(self, death: Death, loop: asyncio.AbstractEventLoop, worker: asyncio.Task[None] | None) -> None:
        assert worker is not None
        death.kill = lambda: loop.call_soon_threadsafe(worker.cancel)
        for place in self.places.values():
            place.proxy.script = lambda request, place=place: death.met(place, request)

    def expire(self) -> None:
        """The leases of the dead run out."""
        Lease.objects.exclude(until=None).update(until=Now() - A_MOMENT)

    def all_due(self) -> None:
        """Back-off, deadlines of the sweep: all that was put off is due."""
        Work.objects.update(next_check_at=Now() - A_MOMENT, not_before=None)

    def cut(self, name: str) -> None:
        """Nobody answers at the cluster's address any more."""
        self.places[name].proxy.refuse()
        self.places[name].cut = True

    def heal(self, name: str) -> None:
        """It answers again, and the probe, whose time has come, sees it; deaths may have looked like failures of it."""
        place = self.places[name]
        if place.cut:
            place.proxy.accept()
        if place.cut or Cluster.objects.filter(pk=place.row.pk).exclude(CLOSED).exists():
            self.probe(name)
        place.cut = False

    def probe(self, name: str) -> None:
        """The next round of the probe, however long its breaker would keep it waiting."""
        Cluster.objects.filter(name=name).exclude(breaker_until=None).update(breaker_until=Now() - A_MOMENT)
        probe_clusters([self.places[name].row.pk])

    def watch(self) -> int:
        """The watcher begins anew: a list of each kind; how many Works that made due."""
        return sum(self._loop.run(self._listed(place)) for place in self.places.values() if not place.cut)

    async def _listed(self, place: Place) -> int:
        row = await in_thread(Cluster.objects.get, pk=place.row.pk)
        served = [found for kind in WATCHED if kind[1] in KINDS and (found := Kinds(row.resources).find(*kind))]
        changes: list[Change | Listed] = []
        left, all_there = len(served), asyncio.Event()

        async def tell(change: Change | Listed) -> None:
            nonlocal left
            changes.append(change)
            if isinstance(change, Listed):
                left -= 1
                if not left:
                    all_there.set()

        client = await self._sessions.get(await in_thread(access_for, row))
        streams = [asyncio.create_task(follow(client, row.pk, each, tell)) for each in served]
        await all_there.wait()
        for each in streams:
            each.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        notices = Notices()
        notices.add(changes)
        return await in_thread(notices.judge)

    def late_writes_arrive(self) -> list[bool]:
        """What the dead had sent reaches the API servers now; which of it they accepted."""
        arrived, self._late = self._late, []
        self.changed = self.changed or bool(arrived)
        return [self._loop.run(_sent(place, request)) for place, request in arrived]

    def forget(self) -> None:
        """A history is over: nobody is dead, nothing is on its way."""
        self._late.clear()
        self.expire()


async def _sent(place: Place, request: Request) -> bool:
    client = ClusterClient(place.writer)
    path, _, query = request.path.partition("?")
    params = dict(each.split("=", 1) for each in query.split("&") if each)
    content_type = APPLY if request.method == "PATCH" else "application/json"
    try:
        with suppress(ApiRefused):
            body = request.body and json.loads(request.body)
            await client.request(request.method, path, params=params, body=body or None, content_type=content_type)
            return True
        return False
    finally:
        await client.close()


def joined(row: Cluster, proxy: FaultProxy, admin: Any, allowed: tuple[str, ...]) -> Place:
    """A registered cluster as a place."""
    token = ClusterCredential.objects.get(cluster=row).token
    return Place(row, proxy, admin, Endpoint(admin.server, admin.ca, token, allowed=allowed))
