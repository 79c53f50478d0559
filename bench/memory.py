"""Memory of a worker and of the watcher with 2,000 applications, and what one tracked object costs each of them.

The processes are started anew, go twice through everything that is there, and are read from /proc: once with a
quarter of the applications, so that all code has been used and what is bounded is full (a page of 500 objects a kind,
the watcher's queue of 1,000 changes), once with all of them. A worker is a
process of the Procfile with its children; a page that several share counts in parts (PSS). The cost of an object is the
growth of the largest process (RSS) over the number of objects that came in between: any child may have done the work.
"""

from __future__ import annotations

import time

from bench import deliveries, ground, sweep
from bench.cpu import memory, tree
from bench.figure import Figure
from bench.objects import OBJECTS
from bench.options import Options
from bench.testbed import WORKERS, Testbed
from clusters.models import Cluster, Lane

CLUSTER = "east"
APPLICATIONS = 2000
MEGABYTE = 1e6
PROCESSES = (*WORKERS, "watcher")
ROUNDS = 2
BASE = 4
STEADY = 0.005
LOOK_SECONDS = 3.0
LONGEST_SECONDS = 90.0

Amounts = dict[str, dict[str, int]]


def measure(bed: Testbed, options: Options) -> Figure:
    """A few, then all."""
    count = options.applications or APPLICATIONS
    cluster = deliveries.cluster_named(CLUSTER)
    deliveries.forget(bed, cluster)
    few = max(1, count // BASE)
    deliveries.seed(bed, few, cluster)
    base = _fresh(bed, cluster)
    options.say(f"seeding {count} applications")
    deliveries.seed(bed, count, cluster)
    grown = _amounts(bed)
    full = _fresh(bed, cluster)
    figure = Figure("memory", (__doc__ or "").strip(), {"applications": count, "objects": count * OBJECTS})
    for name in PROCESSES:
        figure.add(f"{name}: PSS", "MB", [full[name]["pss"] / MEGABYTE], at_most=300)
        figure.add(f"{name}: PSS after delivering all of it", "MB", [grown[name]["pss"] / MEGABYTE], at_most=300)
        figure.add(f"{name}: RSS of its largest process", "MB", [full[name]["rss"] / MEGABYTE])
    for who, names in (("a worker", WORKERS), ("the watcher", ("watcher",))):
        growth = max(full[each]["rss"] for each in names) - max(base[each]["rss"] for each in names)
        figure.add(f"{who}: a tracked object", "bytes", [growth / ((count - few) * OBJECTS)], at_most=1024)
    return figure


def _fresh(bed: Testbed, cluster: Cluster) -> Amounts:
    """What processes use that were just started and have seen everything."""
    bed.restart(*PROCESSES)
    _steady(bed)
    for lane in (Lane.EDIT, Lane.SWEEP) * ROUNDS:
        sweep.sweep(bed, cluster, lane)
        ground.rest(bed.meter())
    _steady(bed)
    return _amounts(bed)


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
