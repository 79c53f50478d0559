"""Clusters that hang must not slow the others: the same work with some hanging, and with these same suspended instead.

One of the lab's two clusters, its API server stopped by SIGSTOP; then 5 of 20 stand-ins (`stub`), their program
stopped. Each time the breakers are closed before, and the hanging clusters have as much due as the others, so that all
of it is tried. The rate is of a planned re-render of every application on the others; the latency of single ones,
several a second, from the commit to the record of the attempt. The order is turned from one repeat to the next.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from bench import deliveries, ground, stand_ins, turns
from bench.eyes import noticing
from bench.figure import Figure, percentile
from bench.options import Options
from bench.testbed import Testbed
from clusters.models import Cluster, Work

APPLICATIONS = 200
STAND_INS, HANGING = 20, 5
A_STAND_IN = 20
REPEATS = 3
SECONDS = 15.0
RATE = 10
GIVE_UP_SECONDS = 60.0
LOOK_SECONDS = 0.01
SEED = 5
HANG, SUSPEND = "hanging", "suspended"

_LEFT = """
    SELECT count(*) FROM clusters_work WHERE cluster_id = ANY(%s) AND observed_generation < generation
"""


@dataclass(frozen=True)
class Scene:
    """Clusters that are to go on, clusters that are to hang, and how these are stopped and let go."""

    name: str
    well: list[Cluster]
    ill: list[Cluster]
    stop: Callable[[], None]
    go: Callable[[], None]


@dataclass(frozen=True)
class _Taken:
    seconds: float
    latencies: list[float]


def measure(bed: Testbed, options: Options) -> Figure:
    """First the lab, then the stand-ins."""
    figure = Figure("isolation", (__doc__ or "").strip())
    count = options.applications or APPLICATIONS
    few = max(1, count * A_STAND_IN // APPLICATIONS)
    figure.settings = {"applications, lab": count, "applications, a stand-in": few, "single ones a second": RATE}
    for cluster in (east_west := [deliveries.cluster_named(name) for name in ("east", "west")]):
        deliveries.forget(bed, cluster)
    options.say(f"seeding {count} applications on both clusters")
    deliveries.seed(bed, count, *east_west)
    lab = Scene(
        "1 of 2", east_west[:1], east_west[1:], lambda: bed.lab.freeze("west/apiserver"),
        lambda: bed.lab.thaw("west/apiserver"),
    )  # fmt: skip
    _compare(bed, options, figure, lab)
    with stand_ins.running(bed, STAND_INS, HANGING) as (clusters, hanging):
        options.say(f"{STAND_INS} stand-ins: seeding {few} applications each")
        deliveries.seed(bed, few, *clusters)
        simulated = Scene(
            f"{HANGING} of {STAND_INS} simulated", clusters[HANGING:], clusters[:HANGING], hanging.stop, hanging.go
        )
        _compare(bed, options, figure, simulated)
    return figure


def _compare(bed: Testbed, options: Options, figure: Figure, scene: Scene) -> None:
    repeats, seconds = options.repeats or REPEATS, options.seconds or SECONDS
    taken: dict[str, list[_Taken]] = {HANG: [], SUSPEND: []}
    for number in range(repeats):
        for how in (HANG, SUSPEND) if number % 2 else (SUSPEND, HANG):
            with _trouble(bed, scene, how):
                taken[how].append(_take(bed, scene, seconds))
            _recover(bed, scene)
        last = {how: f"{found[-1].seconds:.2f} s" for how, found in taken.items()}
        options.say(f"{scene.name}, repeat {number + 1} of {repeats}: {last}")
    pairs = list(zip(taken[HANG], taken[SUSPEND], strict=True))
    for how, found in taken.items():
        figure.add(f"{scene.name}: re-render, {how}", "s", [each.seconds for each in found])
    rates = [without.seconds / having.seconds for having, without in pairs]
    figure.add(f"{scene.name}: rate of the others", "×", rates, at_least=0.95)
    longest = {how: [percentile(each.latencies, 99) for each in found] for how, found in taken.items()}
    for how, values in longest.items():
        figure.add(f"{scene.name}: single ones p99, {how}", "s", values)
    ratios = [having / without for having, without in zip(longest[HANG], longest[SUSPEND], strict=True)]
    figure.add(f"{scene.name}: p99 of the others", "×", ratios, at_most=1.2)


@contextmanager
def _trouble(bed: Testbed, scene: Scene, how: str) -> Iterator[None]:
    """The ill clusters hang, or are suspended."""
    ill = [each.pk for each in scene.ill]
    if how == SUSPEND:
        Cluster.objects.filter(pk__in=ill).update(suspended=True)
    else:
        Cluster.objects.filter(pk__in=ill).update(failures=0, breaker_until=None)
        scene.stop()
    try:
        yield
    finally:
        if how == SUSPEND:
            Cluster.objects.filter(pk__in=ill).update(suspended=False)
        else:
            scene.go()


def _recover(bed: Testbed, scene: Scene) -> None:
    """Everything delivered everywhere and at rest before the next one."""
    Cluster.objects.filter(pk__in=[each.pk for each in scene.ill]).update(failures=0, breaker_until=None)
    Work.objects.filter(cluster__in=scene.ill).update(not_before=None)
    turns.turn(bed, scene.ill)
    for cluster in (*scene.well, *scene.ill):
        deliveries.wait(bed, cluster)
    ground.rest(bed.meter())


def _take(bed: Testbed, scene: Scene, seconds: float) -> _Taken:
    """A re-render of everything, the ill ones included; then single ones on the well."""
    well = [each.pk for each in scene.well]
    began = time.perf_counter()
    turns.turn(bed, [*scene.well, *scene.ill])
    with bed.sql() as connection:
        while connection.execute(_LEFT, [well]).fetchone() != (0,):
            assert time.perf_counter() - began < deliveries.GIVE_UP_SECONDS, "the others do not end"
            time.sleep(LOOK_SECONDS)
    taken = time.perf_counter() - began
    works = list(
        Work.objects.filter(cluster__in=well, owner_kind=deliveries.OWNER_KIND, name=deliveries.APPLICATION)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    chosen = random.Random(SEED).sample(works, min(len(works), round(seconds * RATE)))
    return _Taken(taken, bed.run(_singles(bed, scene, chosen)))


async def _singles(bed: Testbed, scene: Scene, works: list[UUID]) -> list[float]:
    """Seconds from the commit to the record of each, so many a second."""
    async with noticing(bed.database, "recorded") as notices:

        async def one(work_id: UUID) -> float:
            recorded = notices.expect(work_id)
            began = time.perf_counter()
            await asyncio.to_thread(turns.turn, bed, scene.well, only=[work_id])
            return await asyncio.wait_for(recorded, GIVE_UP_SECONDS) - began

        began, tasks = time.perf_counter(), []
        for number, work_id in enumerate(works):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            tasks.append(asyncio.create_task(one(work_id)))
        return list(await asyncio.gather(*tasks))
