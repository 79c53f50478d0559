"""A person's edit through the API, until a watch shows the changed object on the cluster: idle, and behind a queue.

The edit is another command line of an application of the person's own, sent as an app file; the clock starts before the
request and ends when the Deployment says it. The queues are of 2,000 other applications, filled up again before they
are half empty: `drift`, all due in lane drift with nothing to write; `rerender`, all rendered anew in lane sweep, as
`turns` says, with two objects each to write. Idle and behind each queue the repeats follow one another, since a queue
of re-renders takes a minute to empty.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from bench import deliveries, ground, turns
from bench.eyes import watching
from bench.figure import Figure
from bench.objects import IMAGE
from bench.options import Options
from bench.people import Person, document, signed_in
from bench.testbed import Testbed
from clusters.kinds import WELL_KNOWN
from clusters.manifests import Body, ObjectId
from clusters.models import Cluster, Lane

CLUSTER = "east"
APPLICATIONS = 2000
EDITS = 20
NAME = "edited"
DEPLOYMENT = WELL_KNOWN["apps/v1", "Deployment"]
GIVE_UP_SECONDS = 120.0
PAUSE_SECONDS = 0.2


def measure(bed: Testbed, options: Options) -> Figure:
    """Idle, then behind each queue."""
    count = options.applications or APPLICATIONS
    cluster = deliveries.cluster_named(CLUSTER)
    options.say(f"seeding {count} applications")
    deliveries.seed(bed, count, cluster)
    ground.rest(bed.meter())
    figure = Figure("edits", (__doc__ or "").strip(), {"queued": count, "edits": EDITS})
    fill = {
        "drift": lambda: turns.make_due(bed, [cluster], Lane.DRIFT),
        "rerender": lambda: turns.turn(bed, [cluster]),
    }
    with signed_in(bed) as person:
        person.deploy(_document("begin"))
        idle = [bed.run(_edits(bed, person, lambda: None)) for _ in range(options.repeats)]
        figure.add_latencies("idle: ", idle, p99=1.0)
        for name, again in fill.items():
            options.say(f"{count} queued: {name}")
            queues = [_Queue(bed, cluster, count, again) for _ in range(options.repeats)]
            seconds = [bed.run(_edits(bed, person, queue.fill)) for queue in queues]
            figure.add_latencies(f"{count} queued, {name}: ", seconds, p99=2.0)
            figure.add(f"{name}: least queued at an edit", "", [min(queue.lengths) for queue in queues])
            deliveries.wait(bed, cluster)
            ground.rest(bed.meter())
    return figure


class _Queue:
    """Keeps at least half of the applications queued."""

    def __init__(self, bed: Testbed, cluster: Cluster, count: int, again: Callable[[], int]) -> None:
        self._bed, self._cluster, self._count, self._again = bed, cluster, count, again
        self.lengths: list[float] = []

    def fill(self) -> None:
        if turns.queued(self._bed, [self._cluster]) < self._count // 2:
            self._again()
        self.lengths.append(turns.queued(self._bed, [self._cluster]))


async def _edits(bed: Testbed, person: Person, before: Callable[[], None]) -> list[float]:
    """Seconds of the edits of one repeat, one after the other."""
    namespace = await asyncio.to_thread(person.namespace, NAME)
    oid = ObjectId("apps", "Deployment", namespace, f"{NAME}-web")
    seconds = []
    async with watching(bed.admin[CLUSTER], [DEPLOYMENT], f"app.kubernetes.io/name={NAME}") as eyes:
        for _ in range(EDITS):
            await asyncio.to_thread(before)
            said = f"turn-{time.time_ns()}"
            changed = eyes.expect(oid, lambda body, said=said: _says(body, said))  # type: ignore[misc]
            began = time.perf_counter()
            await asyncio.to_thread(person.deploy, _document(said))
            seconds.append(await asyncio.wait_for(changed, GIVE_UP_SECONDS) - began)
            # Out of step with everything that has a rhythm of its own.
            await asyncio.sleep(random.uniform(0, PAUSE_SECONDS))
    return seconds


def _document(said: str) -> Body:
    return document(NAME, IMAGE, replicas=0, args=[said])


def _says(body: Body | None, said: str) -> bool:
    return body is not None and body["spec"]["template"]["spec"]["containers"][0].get("args") == [said]
