"""Clusters that hang must not slow the others: the same work with some hanging, and with these same suspended instead.

One of the lab's two clusters, its API server stopped by SIGSTOP; then 5 of 20 stand-ins (`stub`), their program
stopped. Each time the breakers are closed before, and the hanging clusters have as much due as the others, so that all
of it is tried. What is timed on the others says `neighbours`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from bench import deliveries, stand_ins, turns
from bench.figure import Figure
from bench.neighbours import RATE, Scene, compare, nothing
from bench.options import Options
from bench.testbed import Testbed
from clusters.models import Cluster, Work

APPLICATIONS = 200
STAND_INS, HANGING = 20, 5
A_STAND_IN = 20
FROZEN = "west/apiserver"


def measure(bed: Testbed, options: Options) -> Figure:
    """First the lab, then the stand-ins."""
    figure = Figure("isolation", (__doc__ or "").strip())
    count = options.applications or APPLICATIONS
    few = max(1, count * A_STAND_IN // APPLICATIONS)
    figure.settings = {"applications, lab": count, "applications, a stand-in": few, "single ones a second": RATE}
    east, west = (deliveries.cluster_named(name) for name in ("east", "west"))
    options.say(f"seeding {count} applications on both clusters")
    deliveries.seed(bed, count, east, west)
    freeze, thaw = partial(bed.lab.freeze, FROZEN), partial(bed.lab.thaw, FROZEN)
    compare(bed, options, figure, _scene(bed, "1 of 2", [east], [west], freeze, thaw))
    with stand_ins.running(bed, STAND_INS, HANGING) as (clusters, program):
        options.say(f"{STAND_INS} stand-ins: seeding {few} applications each")
        deliveries.seed(bed, few, *clusters)
        name, ill, well = f"{HANGING} of {STAND_INS} simulated", clusters[:HANGING], clusters[HANGING:]
        compare(bed, options, figure, _scene(bed, name, well, ill, program.stop, program.go))
    return figure


def _scene(
    bed: Testbed,
    name: str,
    well: Sequence[Cluster],
    ill: Sequence[Cluster],
    stop: Callable[[], object],
    go: Callable[[], object],
) -> Scene:
    """`stop` and `go` are how the ill ones are made to hang, and let go."""
    rows = Cluster.objects.filter(pk__in=[each.pk for each in ill])

    @contextmanager
    def hanging() -> Iterator[Callable[[], None]]:
        rows.update(failures=0, breaker_until=None)
        stop()
        try:
            yield nothing
        finally:
            go()
        recover()

    @contextmanager
    def suspended() -> Iterator[Callable[[], None]]:
        rows.update(suspended=True)
        try:
            yield nothing
        finally:
            rows.update(suspended=False)
        recover()

    def recover() -> None:
        """Everything delivered everywhere before the next one."""
        rows.update(failures=0, breaker_until=None)
        Work.objects.filter(cluster__in=ill).update(not_before=None)
        turns.turn(bed, ill)
        for cluster in (*well, *ill):
            deliveries.wait(bed, cluster)

    return Scene(f"{name}: ", well, {"hanging": hanging, "suspended": suspended}, beside=ill)
