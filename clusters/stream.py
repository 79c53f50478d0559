"""Live reading from clusters, for a person who looks: lines of pod logs, of many pods on many clusters in one stream.

One of the two places that call a cluster inside a request. It reads and never writes; nothing is stored. The caller has
asked for permission and hands in accesses; a session lives as long as its stream, and each stream is one person's: with
an access of the minter it reads as that person's team, by whose account the cluster knows them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from clusters.by_hand import acting_for
from clusters.client import ClusterClient
from clusters.faults import ClusterFault
from clusters.health.reading import items
from clusters.kinds import Resource
from clusters.mixer import Line, Mixer
from clusters.models import ClusterCredential
from clusters.revisions import Revisions
from clusters.sessions import Access

POD = Resource("v1", "Pod", "pods")
ACCOUNT = "dougong-logs"
# How often pods are looked for while following; how long the stream is silent at most.
LOOK_SECONDS = 3.0
HEARTBEAT_SECONDS = 15.0
# Pods read at once on one cluster.
MOST_PODS = 50
LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Query:
    """Whose logs: pods of `namespace` that match `selector`, each of the process that its label `container_label`
    names; of each the container of that name, or `container` in the pods that have one. `tail` is the number of last
    lines of each, `since` an RFC 3339 time before which nothing is wanted, `previous` asks for the container before the
    last restart. `most_a_second` lines of a pod are told while following, 0 for all that the reader takes. `revisions`
    are, by cluster, those who read which release a pod is of; with `release` only lines of pods of that one are told.
    It is `person` who reads, for at most `seconds`.
    """

    namespace: str
    selector: str
    container_label: str
    container: str = ""
    follow: bool = False
    tail: int = 100
    since: str = ""
    previous: bool = False
    most_a_second: int = 0
    revisions: Mapping[str, Access] = field(default_factory=dict)
    release: str = ""
    person: str = ""
    seconds: int = 600


async def pod_logs(accesses: Sequence[Access], query: Query) -> AsyncGenerator[Line | None, None]:
    """Lines as they come, None where there was none for a while; ends with the last pod unless following."""
    mixer = Mixer(waits=not query.follow, most_a_second=query.most_a_second, first=query.tail)
    readers = [asyncio.create_task(_Reader(access, query, mixer).run()) for access in accesses]
    end = asyncio.create_task(_end(readers, mixer))
    try:
        while True:
            try:
                line = await asyncio.wait_for(mixer.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield None
                continue
            if line is None:
                return
            yield line
    finally:
        await _cancelled([end, *readers])


async def _end(readers: Sequence[asyncio.Task[None]], mixer: Mixer) -> None:
    await asyncio.gather(*readers, return_exceptions=True)
    mixer.end()


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Reader:
    """The pods of one cluster."""

    def __init__(self, access: Access, query: Query, mixer: Mixer) -> None:
        self.access, self.cluster, self.query, self.mixer = access, access.name, query, mixer
        self._client: ClusterClient | None = None
        self.seen: set[tuple[str, int]] = set()
        self.open: set[asyncio.Task[None]] = set()
        self.told = ""
        reader = query.revisions.get(access.name)
        self.revisions = Revisions(reader, query.namespace, query.selector) if reader else None

    async def run(self) -> None:
        """Until all is read, or while following until cancelled."""
        first = True
        try:
            while True:
                await self._look(first)
                first = False
                if not self.query.follow:
                    await asyncio.gather(*self.open)
                    return
                await asyncio.sleep(LOOK_SECONDS)
                self.mixer.remind()
        finally:
            await _cancelled(list(self.open))
            if self._client is not None:
                await self._client.close()
            if self.revisions is not None:
                await self.revisions.close()

    async def _look(self, first: bool) -> None:
        try:
            client = await self._connected()
            pods, _ = await client.list(POD, self.query.namespace, selector=self.query.selector)
        except ClusterFault as fault:
            await self._tell(f"cannot be read: {fault}")
            return
        if self.revisions is not None:
            await self.revisions.look()
        there = [each for each in pods if self._release(each) == self.query.release] if self.query.release else pods
        if first and not there:
            left = f" of {self.query.release} is there; what a release leaves alone is of an earlier one"
            await self._tell(f"no pod{left if self.query.release else ' is there'}")
        for pod, restarts in self._started(pods):
            if len(self.open) >= MOST_PODS:
                await self._tell(f"only {MOST_PODS} pods are read at once")
                return
            self.seen.add((str(pod["metadata"]["uid"]), restarts))
            task = asyncio.create_task(self._read(pod, first))
            self.open.add(task)
            task.add_done_callback(self.open.discard)

    async def _connected(self) -> ClusterClient:
        """Once; where that fails the next look tries anew."""
        if self._client is None:
            endpoint, query = self.access.endpoint, self.query
            if self.access.purpose == ClusterCredential.Purpose.MINTER:
                endpoint = await acting_for(self.access, ACCOUNT, query.person, query.namespace, seconds=query.seconds)
            self._client = ClusterClient(endpoint)
        return self._client

    def _process(self, pod: Mapping[str, Any]) -> str:
        return str((pod["metadata"].get("labels") or {}).get(self.query.container_label, ""))

    def _started(self, pods: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int]]:
        """Pods whose container has begun to write since the last look: (pod, restarts)."""
        for pod in pods:
            container = self.query.container or self._process(pod)
            for status in (*items(pod, "status", "containerStatuses"), *items(pod, "status", "initContainerStatuses")):
                restarts = int(status.get("restartCount") or 0)
                # Before the first restart there is no previous one.
                waiting = ("waiting" in (status.get("state") or {}) or self.query.previous) and not restarts
                key = (str(pod["metadata"]["uid"]), restarts)
                if status.get("name") == container and not waiting and key not in self.seen:
                    yield pod, restarts

    def _release(self, pod: Mapping[str, Any]) -> str:
        """As of the last look: one that changes its workload and nothing of the pod itself takes it over."""
        return self.revisions.release(pod) if self.revisions is not None else ""

    async def _read(self, pod: Mapping[str, Any], first: bool) -> None:
        name, process = str(pod["metadata"]["name"]), self._process(pod)
        # What begins to write while we look is read from its beginning.
        tail = {"tailLines": str(self.query.tail)} if first else {}
        params = {"container": self.query.container or process, "timestamps": "true", **tail}
        if first and self.query.since:
            params["sinceTime"] = self.query.since
        if self.query.previous:
            params["previous"] = "true"
        elif self.query.follow:
            params["follow"] = "true"
        path = f"{POD.path(self.query.namespace, name)}/log"
        try:
            client = await self._connected()
            async with aclosing(client.stream(path, params)) as lines:
                async for raw in lines:
                    at, _, text = raw[:LONGEST_LINE].decode(errors="replace").partition(" ")
                    release = self._release(pod)
                    if self.query.release in ("", release):
                        line = Line(self.cluster, name, process, at, text.rstrip("\r\n"), release=release)
                        await self.mixer.put(line)
        except ClusterFault as fault:
            await self.mixer.put(Line(self.cluster, name, process, "", f"(cannot be read: {fault})"))

    async def _tell(self, text: str) -> None:
        """Once, until there is something else to tell."""
        if text != self.told:
            self.told = text
            await self.mixer.put(Line(self.cluster, "", "", "", text))
