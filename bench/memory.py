"""Memory of a worker and of the watcher with 2,000 applications, and what one tracked object costs each of them.

A worker is a line of the Procfile with all its processes: Celery's parent, which hands out messages, and its children,
which deliver (one of `worker-edit`, two of `worker-rest`). Its memory is the sum of theirs, a page that several share
counted in parts (PSS). The watcher is one process.

The processes are started anew, go twice through everything that is there, and are read from /proc: in turn with a
quarter of the applications, on a cluster of their own, and with all of them, the other cluster suspended each time.
With that quarter all code has been used and what is bounded is full: a page of 500 objects of a sweep's list, of 100
for each kind in the watcher, and its queue of 1,000 changes. The cost of an object is the difference of the largest
process (RSS) over the number of objects more: any child may have done the work. Lastly a quarter of all is rendered
anew and delivered, half in each worker's lane.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import deliveries, ground, sweep, turns
from bench.cpu import memory, tree
from bench.figure import Figure
from bench.objects import OBJECTS
from bench.options import Options
from bench.testbed import WORKERS, Testbed
from clusters.models import Cluster, Lane

FEW, ALL = "west", "east"
APPLICATIONS = 2000
MEGABYTE = 1e6
PROCESSES = (*WORKERS, "watcher")
LANES = (Lane.EDIT, Lane.SWEEP)
ROUNDS = 2
BASE = 4
STEADY = 0.005
LOOK_SECONDS = 3.0
LONGEST_SECONDS = 90.0

Amounts = dict[str, dict[str, int]]


def measure(bed: Testbed, options: Options) -> Figure:
    """A few and all, in turn."""
    count = options.applications or APPLICATIONS
    few = max(1, count // BASE)
    quarter, whole = deliveries.cluster_named(FEW), deliveries.cluster_named(ALL)
    options.say(f"seeding {few} and {count} applications")
    deliveries.seed(bed, few, quarter)
    deliveries.seed(bed, count, whole)
    base, full, delivered = [], [], []
    for number in range(options.repeats):
        options.say(f"repeat {number + 1}")
        with _alone(quarter):
            base.append(_fresh(bed, quarter))
        with _alone(whole):
            full.append(_fresh(bed, whole))
            _deliver(bed, whole, few)
            delivered.append(_amounts(bed))
    figure = Figure("memory", (__doc__ or "").strip(), {"applications": count, "objects": count * OBJECTS})
    figure.settings |= {f"processes of {name}": len(tree(bed.pid(name))) for name in PROCESSES}
    for name in PROCESSES:
        figure.add(f"{name}: PSS", "MB", [each[name]["pss"] / MEGABYTE for each in full], at_most=300)
        after = [each[name]["pss"] / MEGABYTE for each in delivered]
        figure.add(f"{name}: PSS after delivering a quarter of it", "MB", after, at_most=300)
        figure.add(f"{name}: RSS of its largest process", "MB", [each[name]["rss"] / MEGABYTE for each in full])
    for who, names in (("a worker", WORKERS), ("the watcher", ("watcher",))):
        growth = [_largest(more, names) - _largest(less, names) for less, more in zip(base, full, strict=True)]
        cost = [each / ((count - few) * OBJECTS) for each in growth]
        figure.add(f"{who}: a tracked object", "bytes", cost, at_most=1024)
    return figure


@contextmanager
def _alone(cluster: Cluster) -> Iterator[None]:
    """No other cluster is delivered to or watched."""
    others = Cluster.objects.exclude(pk=cluster.pk).filter(suspended=False)
    names = list(others.values_list("name", flat=True))
    others.update(suspended=True)
    try:
        yield
    finally:
        Cluster.objects.filter(name__in=names).update(suspended=False)


def _fresh(bed: Testbed, cluster: Cluster) -> Amounts:
    """What processes use that were just started and have seen everything."""
    bed.restart(*PROCESSES)
    _steady(bed)
    for lane in LANES * ROUNDS:
        sweep.sweep(bed, cluster, lane)
        ground.rest(bed.meter(cluster.name))
    _steady(bed)
    return _amounts(bed)


def _deliver(bed: Testbed, cluster: Cluster, count: int) -> None:
    """Render so many applications anew, as many in each lane."""
    chosen = list(deliveries.works(cluster).order_by("pk").values_list("pk", flat=True)[:count])
    for number, lane in enumerate(LANES):
        turns.turn(bed, [cluster], only=chosen[number :: len(LANES)], lane=lane)
        deliveries.wait(bed, cluster)
        ground.rest(bed.meter(cluster.name))


def _largest(amounts: Amounts, names: tuple[str, ...]) -> int:
    return max(amounts[each]["rss"] for each in names)


def _steady(bed: Testbed) -> None:
    """Return when the sum of all has ceased to move."""
    deadline = time.monotonic() + LONGEST_SECONDS
    before = 0
    while time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        now = sum(each["pss"] for each in _amounts(bed).values())
        if abs(now - before) < STEADY * now:
            return
        before = now


def _amounts(bed: Testbed) -> Amounts:
    found = {}
    for name in PROCESSES:
        read = [memory(pid) for pid in tree(bed.pid(name))]
        found[name] = {"pss": sum(each["pss"] for each in read), "rss": max(each["rss"] for each in read)}
    return found
