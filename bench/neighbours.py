"""What becomes of applications beside a trouble: the same work with it and without it, in turn.

The work is a planned re-render of all of them, then single ones, fifteen a second: each from the commit to the record
of the attempt. Which of the two comes first is turned from one repeat to the next. The rate and the percentiles are
those of each repeat, and so are their ratios: two runs that follow each other are compared.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import cycle, islice
from uuid import UUID

from bench import deliveries, ground, turns
from bench.eyes import noticing
from bench.figure import Figure, percentile
from bench.options import Options
from bench.testbed import Testbed
from clusters.models import Cluster

SECONDS = 20.0
RATE = 15
GIVE_UP_SECONDS = 60.0
LOOK_SECONDS = 0.01
SEED = 5
LEAST_RATE, MOST_P99 = 0.95, 1.2

Arm = Callable[[], AbstractContextManager[Callable[[], None]]]
"""What it yields is called before the single ones: it brings back what has worn off since the re-render."""

_LEFT = """
    SELECT count(*) FROM clusters_work
    WHERE cluster_id = ANY(%s) AND owner_kind = %s AND name = %s AND observed_generation < generation
"""


@dataclass(frozen=True)
class Scene:
    """Applications that are to go on as if nothing were beside them.

    prefix  of the names of its measures
    others  the clusters whose applications are timed
    arms    the trouble, then the same without it: a context each, at whose end all is delivered again
    beside  clusters whose applications are rendered anew at the same moment, and not timed
    """

    prefix: str
    others: Sequence[Cluster]
    arms: Mapping[str, Arm]
    beside: Sequence[Cluster] = ()


@dataclass(frozen=True)
class Taken:
    """Seconds of the re-render, and of each single one."""

    seconds: float
    latencies: list[float]

    def tail(self, percent: float) -> float:
        return percentile(self.latencies, percent)


def compare(bed: Testbed, options: Options, figure: Figure, scene: Scene) -> None:
    """Take both in turn and add the measures of the scene."""
    taken: dict[str, list[Taken]] = {how: [] for how in scene.arms}
    for number in range(options.repeats):
        for how in [*scene.arms] if number % 2 else [*reversed([*scene.arms])]:
            ground.rest(bed.meter())
            with scene.arms[how]() as renew:
                taken[how].append(_take(bed, scene, renew, options.seconds or SECONDS))
        last = {how: f"{found[-1].seconds:.2f} s" for how, found in taken.items()}
        options.say(f"{scene.prefix}repeat {number + 1} of {options.repeats}: {last}")
    add(figure, scene.prefix, taken)


def add(figure: Figure, prefix: str, taken: Mapping[str, list[Taken]]) -> None:
    """The measures of the trouble and of the same without it: each run against the one next to it."""
    trouble, calm = taken.values()
    pairs = list(zip(trouble, calm, strict=True))
    for how, found in taken.items():
        figure.add(f"{prefix}re-render, {how}", "s", [each.seconds for each in found])
    rates = [without.seconds / having.seconds for having, without in pairs]
    figure.add(f"{prefix}rate of the others", "×", rates, at_least=LEAST_RATE)
    for percent, most in ((50, None), (95, None), (99, MOST_P99)):
        for how, found in taken.items():
            figure.add(f"{prefix}single ones p{percent}, {how}", "s", [each.tail(percent) for each in found])
        ratios = [having.tail(percent) / without.tail(percent) for having, without in pairs]
        figure.add(f"{prefix}p{percent} of the others", "×", ratios, at_most=most)


def nothing() -> None:
    """For an arm that has nothing to bring back."""


def _take(bed: Testbed, scene: Scene, renew: Callable[[], None], seconds: float) -> Taken:
    """A re-render of everything, then single ones of the others."""
    others = [each.pk for each in scene.others]
    began = time.perf_counter()
    turns.turn(bed, [*scene.others, *scene.beside])
    with bed.sql() as connection:
        of = [others, deliveries.OWNER_KIND, deliveries.APPLICATION]
        while connection.execute(_LEFT, of).fetchone() != (0,):
            assert time.perf_counter() - began < deliveries.GIVE_UP_SECONDS, "the others do not end"
            time.sleep(LOOK_SECONDS)
    taken = time.perf_counter() - began
    renew()
    works = list(deliveries.works(*scene.others).order_by("pk").values_list("pk", flat=True))
    random.Random(SEED).shuffle(works)
    return Taken(taken, bed.run(_singles(bed, scene, list(islice(cycle(works), round(seconds * RATE))))))


async def _singles(bed: Testbed, scene: Scene, works: list[UUID]) -> list[float]:
    """Seconds from the commit to the record of each, so many a second."""
    async with noticing(bed.database, "recorded") as notices:

        async def one(work_id: UUID) -> float:
            recorded = notices.expect(work_id)
            began = time.perf_counter()
            await asyncio.to_thread(turns.turn, bed, scene.others, only=[work_id])
            return await asyncio.wait_for(recorded, GIVE_UP_SECONDS) - began

        began, tasks = time.perf_counter(), []
        for number, work_id in enumerate(works):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            tasks.append(asyncio.create_task(one(work_id)))
        return list(await asyncio.gather(*tasks))
