"""One kind on one cluster, followed for ever: a list, then its changes; after a gap a list again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog

from clusters.client import ClusterClient
from clusters.faults import AddressNotAllowed, ApiRefused, Unreachable
from clusters.kinds import Resource
from clusters.manifests import LABEL_WORK

log = structlog.get_logger(__name__)

# Pods carry the labels of their template, which names no Work.
POD_SELECTOR = "app.kubernetes.io/managed-by=dougong"
PAGE = 100  # objects that the list of each kind holds while the queue is full
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Change:
    """An object as it is now. `gone`: it was deleted; `body` is then its last state."""

    cluster_id: UUID
    body: dict[str, Any] = field(repr=False)
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A full list was read: of this kind on this cluster there are these uids and no others."""

    cluster_id: UUID
    api_version: str
    kind: str
    uids: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rewound:
    """The cluster's revision is lower than it was: its etcd was put back to an earlier one."""

    cluster_id: UUID


News = Change | Listed | Rewound
Tell = Callable[[News], Awaitable[None]]


def selector_for(resource: Resource) -> str:
    """Only what is ours crosses the wire."""
    return POD_SELECTOR if resource.kind == "Pod" else LABEL_WORK


async def follow(client: ClusterClient, cluster_id: UUID, resource: Resource, tell: Tell) -> None:
    """Tell every change, until cancelled. Faults are waited out with a jittered, doubling pause."""
    pause = FIRST_PAUSE
    now = asyncio.get_running_loop().time
    since = ""
    while True:
        began = now()
        try:
            before, since = since, await _list(client, cluster_id, resource, tell)
            if before.isdigit() and since.isdigit() and int(since) < int(before):
                await tell(Rewound(cluster_id))
            while True:
                opened = now()
                async for place in _watch(client, cluster_id, resource, since, tell):
                    since = place
                if now() - opened < FIRST_PAUSE:
                    break  # who ends each watch at once is not to be asked without a pause
        except ApiRefused as refusal:
            # 410 Gone: our place in the history is; the list says what was missed.
            if refusal.status != HTTPStatus.GONE:
                log.info("watch_refused", cluster=str(cluster_id), kind=resource.kind, refusal=str(refusal)[:200])
        except (Unreachable, AddressNotAllowed) as fault:
            log.info("watch_broken", cluster=str(cluster_id), kind=resource.kind, fault=str(fault)[:200])
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            # A server that answers nonsense is asked again later.
            log.warning("watch_garbled", cluster=str(cluster_id), kind=resource.kind, fault=type(fault).__name__)
        if now() - began > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret, only spread
        pause = min(LONGEST_PAUSE, pause * 2)


async def _list(client: ClusterClient, cluster_id: UUID, resource: Resource, tell: Tell) -> str:
    """Page by page, so that no more than one is held at a time; returns where to watch from."""
    uids: set[str] = set()
    token = ""
    while True:
        page, token, since = await client.page(resource, selector=selector_for(resource), token=token, limit=PAGE)
        for body in page:
            _check(resource, body)
            uids.add(body["metadata"]["uid"])
            await tell(Change(cluster_id, body))
        if not token:
            await tell(Listed(cluster_id, resource.api_version, resource.kind, frozenset(uids)))
            return since


async def _watch(
    client: ClusterClient, cluster_id: UUID, resource: Resource, since: str, tell: Tell
) -> AsyncIterator[str]:
    """Follow until the server ends the stream, as it does every few minutes; yields where to go on."""
    async for event in client.watch(resource, selector=selector_for(resource), since=since):
        body = event["object"]
        if event["type"] != "BOOKMARK":
            _check(resource, body)
            await tell(Change(cluster_id, body, gone=event["type"] == "DELETED"))
        yield str(body["metadata"]["resourceVersion"])


def _check(resource: Resource, body: dict[str, Any]) -> None:
    """Raise ValueError unless it can be told which object of the kind asked for this is."""
    metadata = body["metadata"]
    names = [metadata[each] for each in ("name", "uid", *(("namespace",) if resource.namespaced else ()))]
    if (body["apiVersion"], body["kind"]) != (resource.api_version, resource.kind) or not all(names):
        raise ValueError("no object of the kind that was asked for")
