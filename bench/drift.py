"""Foreign edits of settled applications, 20 a second: how soon they are seen, and how soon repaired.

Seen: from the answer to the foreign hand until its Work is due in the database, told by a trigger. Repaired: until a
watch of the bench's own shows the object as declared. Deployments' images and Services' selectors are edited,
ConfigMaps deleted, an application after the other. Then one application is edited again and again, each time at once
after its repair. What is not seen or not repaired within half a minute is counted as missed. Each repeat has its own
applications.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from dataclasses import dataclass
from itertools import cycle, islice

from bench import deliveries, ground, objects
from bench.eyes import Eyes, Notices, Repaired, noticing, watching
from bench.figure import Figure
from bench.foreign import Target, disturb
from bench.options import Options
from bench.testbed import Testbed
from clusters.client import ClusterClient
from clusters.manifests import Manifest
from clusters.models import Cluster

CLUSTER = "east"
APPLICATIONS = 2000
RATE = 20
SECONDS = 20.0
REPEATED = 50
GRACE_SECONDS = 30.0
SEED = 20


@dataclass(frozen=True)
class Answer:
    """Seconds until seen and until repaired; None where that did not come about."""

    seen: float | None
    repaired: float | None


@dataclass(frozen=True)
class _Drift:
    client: ClusterClient
    eyes: Eyes
    notices: Notices

    async def one(self, target: Target) -> Answer:
        """Disturb an object and wait for both."""
        repaired = self.eyes.expect(target.oid, Repaired(target.body))
        seen = self.notices.expect(target.work_id)
        answered = await disturb(self.client, target.body)
        done, _ = await asyncio.wait((seen, repaired), timeout=GRACE_SECONDS)
        # An event may overtake the answer.
        at = [max(0.0, each.result() - answered) if each in done else None for each in (seen, repaired)]
        return Answer(*at)

    async def spread(self, targets: list[Target]) -> list[Answer]:
        """So many a second, whatever becomes of those before."""
        began = time.perf_counter()
        tasks = []
        for number, target in enumerate(targets):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            tasks.append(asyncio.create_task(self.one(target)))
        return await asyncio.gather(*tasks)


def measure(bed: Testbed, options: Options) -> Figure:
    """Spread edits, then repeated ones."""
    count = options.applications or APPLICATIONS
    edits = min(round((options.seconds or SECONDS) * RATE), count)
    cluster = deliveries.cluster_named(CLUSTER)
    options.say(f"seeding {count} applications")
    deliveries.seed(bed, count, cluster)
    targets = _targets(cluster, edits * options.repeats)
    spread, repeated = [], []
    for number in range(options.repeats):
        options.say(f"repeat {number + 1}: {edits} edits, {RATE} a second; then {REPEATED} of one application")
        ground.rest(bed.meter())
        found = bed.run(_measure(bed, targets[number * edits : (number + 1) * edits]))
        spread.append(found[0])
        repeated.append(found[1])
    figure = Figure("drift", (__doc__ or "").strip())
    figure.settings = {"applications": count, "edits": edits, "a second": RATE, "edits of one": REPEATED}
    _add(figure, "", spread)
    _add(figure, "one application again and again: ", repeated)
    halves = [(_median(each[: REPEATED // 2]), _median(each[REPEATED // 2 :])) for each in repeated]
    ratios = [second / first for first, second in halves if first and second]
    figure.add("its second half against its first, p50", "×", ratios)
    return figure


async def _measure(bed: Testbed, targets: list[Target]) -> tuple[list[Answer], list[Answer]]:
    """One repeat: all of these, then one of them again and again."""
    client = bed.admin[CLUSTER]
    again = next(each for each in targets if each.body["kind"] == "Deployment")
    async with (
        watching(client, objects.KINDS, objects.SELECTOR) as eyes,
        noticing(bed.database, "due") as notices,
    ):
        drift = _Drift(client, eyes, notices)
        spread = await drift.spread(targets)
        return spread, [await drift.one(again) for _ in range(REPEATED)]


def _targets(cluster: Cluster, count: int) -> list[Target]:
    """An object of each of so many applications in a random order that is always the same, the kinds in turn."""
    works = list(deliveries.works(cluster).order_by("owner_name"))
    random.Random(SEED).shuffle(works)
    places = cycle(range(objects.OBJECTS))
    return [
        Target(work.pk, Manifest.from_json(work.manifests[next(places)]).body) for work in islice(cycle(works), count)
    ]


def _add(figure: Figure, what: str, repeats: list[list[Answer]]) -> None:
    seen = [[each.seen for each in answers if each.seen is not None] for answers in repeats]
    repaired = [[each.repaired for each in answers if each.repaired is not None] for answers in repeats]
    for name, found, p50, p99 in (("seen", seen, None, 0.1), ("repaired", repaired, 0.1, 0.5)):
        figure.add_latencies(f"{what}{name}, ", found, p50=p50, p99=p99)
        missed = [len(answers) - len(each) for answers, each in zip(repeats, found, strict=True)]
        figure.add(f"{what}not {name}", "", missed, at_most=0)


def _median(answers: list[Answer]) -> float:
    values = [each.repaired for each in answers if each.repaired is not None]
    return statistics.median(values) if values else 0.0
