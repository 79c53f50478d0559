"""Applications that always fail must not slow the others: 500 on one cluster beside two of these, and without them.

One has 900 KB in nine ConfigMaps, one a single small one; each of these has a field that there is none of, so the API
server refuses it every time. They are submitted as by a person (lane edit) a moment before the re-render of the others
and once more before the single ones, so that neither begins in the long pauses of their back-off; afterwards they are
retired. What is timed on the others says `neighbours`; each time these are read back and compared.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet

from bench import deliveries, ground, objects
from bench.figure import Figure
from bench.neighbours import RATE, Scene, compare, nothing
from bench.options import Options
from bench.testbed import Testbed
from clusters.kinds import WELL_KNOWN
from clusters.manifests import Manifest, manifest
from clusters.models import Cluster, Work
from clusters.work import Owner, retire_work, submit_work
from deploy.lab.commands import until

CLUSTER = "east"
APPLICATIONS = 500
NAME = "poisoned"
# Name → how many ConfigMaps of how many bytes each.
POISONS = {"large": (9, 100_000), "small": (1, 1)}
NAMESPACE = objects.namespaces()[0]
CONFIG_MAP = WELL_KNOWN["v1", "ConfigMap"]
REMOVED_SECONDS = 60.0


def measure(bed: Testbed, options: Options) -> Figure:
    """With them and without, in turn."""
    count = options.applications or APPLICATIONS
    cluster = deliveries.cluster_named(CLUSTER)
    _retire(cluster)
    options.say(f"seeding {count} applications")
    deliveries.seed(bed, count, cluster)
    declared = [each.body for one in objects.applications(count) for each in one.manifests(cluster.target)]
    attempts: dict[str, list[int]] = {name: [] for name in POISONS}

    @contextmanager
    def without() -> Iterator[Callable[[], None]]:
        yield nothing
        ground.verify(bed, CLUSTER, declared)

    @contextmanager
    def poisoned() -> Iterator[Callable[[], None]]:
        submit(cluster)
        try:
            yield lambda: submit(cluster)
            ground.verify(bed, CLUSTER, declared)
            for name in POISONS:
                attempts[name].append(_attempts(bed, cluster, name))
        finally:
            _retire(cluster)

    figure = Figure("poisoned", (__doc__ or "").strip())
    size = {name: number * each for name, (number, each) in POISONS.items()}
    figure.settings = {"applications": count, "bytes": size, "single ones a second": RATE}
    compare(bed, options, figure, Scene("", [cluster], {"poisoned": poisoned, "without": without}))
    for name, found in attempts.items():
        figure.add(f"attempts at the {name} one beside the single ones", "", found)
    return figure


def _works(cluster: Cluster) -> QuerySet[Work]:
    return Work.objects.filter(cluster=cluster, owner_kind=deliveries.OWNER_KIND, name=NAME)


def submit(cluster: Cluster) -> None:
    """All of them, as another release than before."""
    laid = Work.objects.get(
        owner_kind=deliveries.OWNER_KIND, name=deliveries.GROUND, cluster=cluster, owner_name=NAMESPACE
    )
    for name, (number, size) in POISONS.items():
        owner = Owner(deliveries.OWNER_KIND, uuid.uuid5(uuid.NAMESPACE_URL, f"bench/{NAME}/{name}"), name)
        with transaction.atomic():
            submit_work(
                owner=owner, name=NAME, cluster=cluster, release=str(time.time_ns()), waits_for=[laid],
                manifests=[_refused(_name(name, each), size) for each in range(number)],
            )  # fmt: skip


def _refused(name: str, size: int) -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE}
    return manifest(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": "x" * size}, "daat": {}}
    )


def _name(name: str, number: int) -> str:
    return f"{NAME}-{name}-{number}"


def _attempts(bed: Testbed, cluster: Cluster, name: str) -> int:
    """How often it was tried since it was submitted last; AssertionError where it did not fail."""
    work = _works(cluster).get(owner_name=name)
    assert work.attempts, f"{work} was not tried"
    assert work.health == "Degraded", f"{work} is {work.health}"
    live = bed.run(bed.admin[CLUSTER].get(CONFIG_MAP, NAMESPACE, _name(name, 0)))
    assert live is None, f"{work} was delivered"
    return work.attempts


def _retire(cluster: Cluster) -> None:
    """Returns when they are gone."""
    for work in _works(cluster):
        with transaction.atomic():
            retire_work(work=work)
    until(lambda: not _works(cluster).exists(), "the end of what always fails", REMOVED_SECONDS)
