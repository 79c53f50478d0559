"""The cluster under the bench, as its administrator: read every object back, remove them, wait until it rests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from bench import objects
from bench.cpu import Meter
from bench.testbed import Testbed
from clusters.client import ClusterClient
from clusters.kinds import WELL_KNOWN, Resource
from clusters.manifests import Body, ObjectId

# What controllers make of our objects carries our labels too: it has to be gone as well.
MADE = (WELL_KNOWN["apps/v1", "ReplicaSet"], Resource("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"))
PAGE = 500
REST_WINDOW_SECONDS = 0.5
REST_SHARE = 0.2
LONGEST_REST_SECONDS = 30.0


async def live_objects(client: ClusterClient, kinds: Iterable[Resource] = objects.KINDS) -> dict[ObjectId, Body]:
    """Every object of the bench's applications."""
    lists = await asyncio.gather(*(client.list(kind, selector=objects.SELECTOR, limit=PAGE) for kind in kinds))
    return {ObjectId.of(body): body for items, _ in lists for body in items}


def verify(bed: Testbed, cluster: str, declared: Iterable[Body]) -> None:
    """Read every object back and compare it with what was declared; AssertionError makes the run void."""
    wanted = {ObjectId.of(body): body for body in declared}
    live = bed.run(live_objects(bed.admin[cluster]))
    assert live.keys() == wanted.keys(), f"{len(live)} objects live, {len(wanted)} declared"
    wrong = [str(oid) for oid, body in wanted.items() if not objects.says(body, live[oid])]
    assert not wrong, f"{len(wrong)} objects are not as declared: {', '.join(wrong[:5])}"


def clear(bed: Testbed, cluster: str) -> None:
    """Remove every object of the bench's applications; the namespaces stay."""
    bed.run(_clear(bed.admin[cluster]))


async def _clear(client: ClusterClient) -> None:
    for namespace in objects.namespaces():
        for kind in objects.KINDS:
            await _delete_all(client, kind, namespace)
    while await live_objects(client, (*objects.KINDS, *MADE)):
        await asyncio.sleep(0.2)


async def _delete_all(client: ClusterClient, kind: Resource, namespace: str) -> None:
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    await client.request("DELETE", kind.path(namespace), params={"labelSelector": objects.SELECTOR}, body=body)


def rest(meter: Meter) -> None:
    """Return when API server, controllers and workers have come to rest, so that nobody pays for what went before."""
    deadline = time.monotonic() + LONGEST_REST_SECONDS
    before = meter.read()
    while time.monotonic() < deadline:
        time.sleep(REST_WINDOW_SECONDS)
        now = meter.read()
        if sum(now.values()) - sum(before.values()) < REST_SHARE * REST_WINDOW_SECONDS:
            return
        before = now
