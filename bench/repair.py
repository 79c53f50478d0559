"""How fast an idle control plane repairs one running application: its Deployment deleted, or its image edited.

The sample application with real pods on both workers; before each change it is left to become available again. Repaired
is the sight of a watch of the bench's own that shows the Deployment as declared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bench.eyes import Repaired, watching
from bench.figure import Figure
from bench.foreign import delete, disturb
from bench.options import Options
from bench.people import document, signed_in
from bench.testbed import Testbed
from clusters.client import ClusterClient
from clusters.kinds import WELL_KNOWN
from clusters.manifests import Body, Manifest, ObjectId
from clusters.models import Work
from deploy.demo import image, people

CLUSTER = "east"
CHANGES = 15
NAME = "repaired"
REPLICAS = 2
DEPLOYMENT = WELL_KNOWN["apps/v1", "Deployment"]
LOOK_SECONDS = 0.1
GIVE_UP_SECONDS = 120.0

Hand = Callable[[ClusterClient, Body], Awaitable[float]]
HANDS: dict[str, Hand] = {"deleted": delete, "edited": disturb}


def measure(bed: Testbed, options: Options) -> Figure:
    """Delete, edit, delete, edit."""
    built = image.build(bed.lab.env()["REGISTRY"])
    with signed_in(bed) as person:
        person.deploy(document(NAME, built, replicas=REPLICAS, host=f"{NAME}.example"))
    work = Work.objects.get(owner_name=f"{people.PROJECT}/{NAME}/production", name="application")
    declared = next(each.body for each in map(Manifest.from_json, work.manifests) if each.id.kind == "Deployment")
    repeats = []
    for number in range(options.repeats):
        options.say(f"repeat {number + 1}")
        repeats.append(bed.run(_measure(bed.admin[CLUSTER], declared)))
    figure = Figure("repair", (__doc__ or "").strip(), {"of each": CHANGES, "replicas": REPLICAS})
    for name in HANDS:
        figure.add_latencies(f"{name}: ", [found[name] for found in repeats], p50=0.1, p99=0.5)
    return figure


async def _measure(client: ClusterClient, declared: Body) -> dict[str, list[float]]:
    """Seconds of one repeat, by what was done."""
    found: dict[str, list[float]] = {name: [] for name in HANDS}
    async with watching(client, [DEPLOYMENT], f"app.kubernetes.io/name={NAME}") as eyes:
        for _ in range(CHANGES):
            for name, hand in HANDS.items():
                await _until_available(client, declared)
                repaired = eyes.expect(ObjectId.of(declared), Repaired(declared))
                answered = await hand(client, declared)
                found[name].append(max(0.0, await asyncio.wait_for(repaired, GIVE_UP_SECONDS) - answered))
    return found


async def _until_available(client: ClusterClient, declared: Body) -> None:
    metadata = declared["metadata"]
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while not _available(await client.get(DEPLOYMENT, metadata["namespace"], metadata["name"])):
            await asyncio.sleep(LOOK_SECONDS)


def _available(body: dict[str, Any] | None) -> bool:
    """Whether the rollout is over: all replicas are of the present generation and available."""
    if body is None:
        return False
    status, wanted = body.get("status") or {}, body["spec"]["replicas"]
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    return bool(status.get("observedGeneration") == body["metadata"]["generation"] and counts == [wanted] * 3)
