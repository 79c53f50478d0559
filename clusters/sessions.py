"""From a registered cluster to a client that speaks to it: one session per cluster and credential version.

Decrypts the credential. Stands between the registry and everything that talks to clusters (loop, watcher, probe, live
streams). A process that drives clusters from synchronous code does it on one event loop for its life (`on_loop`), so
that sessions outlive a task.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings

from clusters.client import ClusterClient, Endpoint
from clusters.models import Cluster, ClusterCredential

Answer = TypeVar("Answer")

# A replaced session is closed after every request that may still use it has ended.
RETIRE_SECONDS = 60.0


class NoCredential(Exception):  # noqa: N818 - a fact about the row, told by its name
    """The cluster has no credential of this purpose."""


@dataclass(frozen=True, slots=True)
class Access:
    """A cluster, as whom, with which version of the credential. Holds secrets: never logged, stored or sent on."""

    cluster_id: UUID
    name: str
    purpose: str
    version: int
    endpoint: Endpoint = field(repr=False)


def access_for(cluster: Cluster, purpose: str = ClusterCredential.Purpose.WRITER) -> Access:
    """The credential in force (the highest version) and where it leads. Raises NoCredential."""
    credential = cluster.credentials.filter(purpose=purpose).order_by("-version").first()
    if credential is None:
        raise NoCredential(f"{cluster.name} has no {purpose} credential")
    return _access(cluster, credential)


def accesses_for(clusters: Iterable[Cluster], purpose: str = ClusterCredential.Purpose.WRITER) -> list[Access]:
    """The same for many in one query; clusters without such a credential are left out."""
    of = {each.pk: each for each in clusters}
    rows = ClusterCredential.objects.filter(cluster__in=of, purpose=purpose)
    in_force = rows.order_by("cluster_id", "-version").distinct("cluster_id")
    return [_access(of[row.cluster_id], row) for row in in_force]


def endpoint_for(cluster: Cluster, purpose: str = ClusterCredential.Purpose.WRITER) -> Endpoint:
    """Where and as whom. Raises NoCredential."""
    return access_for(cluster, purpose).endpoint


def _access(cluster: Cluster, credential: ClusterCredential) -> Access:
    endpoint = Endpoint(
        server=cluster.server,
        ca_data=cluster.ca_data,
        token=credential.token,
        client_certificate=credential.client_certificate,
        client_key=credential.client_key,
        allowed=tuple(settings.DOUGONG.cluster_networks),
    )
    return Access(cluster.pk, cluster.name, str(credential.purpose), credential.version, endpoint)


class Sessions:
    """One ClusterClient per cluster, purpose and credential version, for the life of one event loop.

    Every change of address, CA or credential makes a new credential version (`registry`): none is stale.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[UUID, str], tuple[Access, ClusterClient]] = {}
        self._retired: list[tuple[float, ClusterClient]] = []

    @property
    def used(self) -> bool:
        """Whether there is anything to close."""
        return bool(self._open or self._retired)

    async def get(self, access: Access) -> ClusterClient:
        """The client of this access; connects only when used."""
        await self._close_retired()
        key = (access.cluster_id, access.purpose)
        known = self._open.get(key)
        if known is not None:
            if known[0].version >= access.version:
                return known[1]
            self._retired.append((asyncio.get_running_loop().time() + RETIRE_SECONDS, known[1]))
        client = ClusterClient(access.endpoint)
        self._open[key] = (access, client)
        return client

    async def close(self, cluster_id: UUID | None = None) -> None:
        """Close the sessions of one cluster, or all."""
        for key in [key for key in self._open if cluster_id in (None, key[0])]:
            await self._open.pop(key)[1].close()
        if cluster_id is None:
            retired, self._retired = self._retired, []
            for _, client in retired:
                await client.close()

    async def _close_retired(self) -> None:
        now = asyncio.get_running_loop().time()
        over = [client for until, client in self._retired if until <= now]
        self._retired = [entry for entry in self._retired if entry[0] > now]
        for client in over:
            await client.close()


class _Process(threading.local):
    """A thread's event loop and the sessions that live on it."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.sessions = Sessions()
        atexit.register(self._end)

    def _end(self) -> None:
        """Close what is open, so that a command that probes once leaves in order."""
        if not self.sessions.used:
            return
        self.runner.run(self.sessions.close())
        self.runner.close()


_process = _Process()


def on_loop(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run on this thread's own event loop, the same each time; not from within a running loop."""
    return _process.runner.run(work)


def sessions() -> Sessions:
    """The sessions that belong to the loop of `on_loop`."""
    return _process.sessions
