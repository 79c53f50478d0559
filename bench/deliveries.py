"""Our side: grounds and applications of the bench submitted as the product does, and the wait for the workers."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from bench import ground, objects
from bench.testbed import Testbed
from clusters.models import Cluster, OwnedObject, Work
from clusters.target import ClusterTarget
from clusters.work import Owner, submit_work

OWNER_KIND = "bench"
GROUND, APPLICATION = "ground", "application"
LOOK_SECONDS = 0.02
A_TRANSACTION = 25
GIVE_UP_SECONDS = 600.0

# What is not yet recorded at its generation, and what of it is not yet Healthy.
_LEFT = """
    SELECT count(*) FILTER (WHERE observed_generation < generation),
        count(*) FILTER (WHERE observed_generation < generation OR health <> 'Healthy')
    FROM clusters_work WHERE owner_kind = %s AND name = %s AND cluster_id = %s
"""


def cluster_named(name: str) -> Cluster:
    return Cluster.objects.get(name=name)


def lay_grounds(bed: Testbed, *clusters: Cluster) -> None:
    """The namespaces of the bench, delivered by the workers, unless they are there."""
    for cluster in clusters:
        submit_grounds(cluster)
    for cluster in clusters:
        wait(bed, cluster, name=GROUND)


def submit_grounds(cluster: Cluster) -> None:
    """The namespaces of the bench."""
    target = cluster.target
    for namespace in objects.namespaces():
        owner_id, manifests = objects.ground_of(namespace, target)
        with transaction.atomic():
            submit_work(
                owner=Owner(OWNER_KIND, owner_id, namespace), name=GROUND, cluster=cluster, manifests=manifests,
                target_digest=target.digest,
            )  # fmt: skip


def submit(applications: Sequence[objects.Application], cluster: Cluster, *, together: int = 1) -> None:
    """Render and submit each application; `together` in one transaction."""
    grounds = {
        work.owner_name: work for work in Work.objects.filter(owner_kind=OWNER_KIND, name=GROUND, cluster=cluster)
    }
    target = cluster.target
    for first in range(0, len(applications), together):
        with transaction.atomic():
            for application in applications[first : first + together]:
                _submit(application, cluster, target, grounds[application.namespace])


def _submit(application: objects.Application, cluster: Cluster, target: ClusterTarget, ground: Work) -> None:
    submit_work(
        owner=Owner(OWNER_KIND, application.owner_id, f"bench/{application.spec.application}"), name=APPLICATION,
        cluster=cluster, manifests=application.manifests(target), target_digest=target.digest,
        release=application.spec.release, waits_for=[ground],
    )  # fmt: skip


def wait(bed: Testbed, cluster: Cluster, *, name: str = APPLICATION, healthy: bool = True) -> float:
    """When (`time.perf_counter`) every Work of that name was recorded at its generation, and as Healthy if asked so."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    with bed.sql() as connection:
        while True:
            row = connection.execute(_LEFT, [OWNER_KIND, name, cluster.pk]).fetchone()
            now = time.perf_counter()
            assert row is not None
            left = row[healthy]
            if not left:
                return now
            assert time.monotonic() < deadline, f"{left} Works are not delivered after {GIVE_UP_SECONDS:.0f} s"
            time.sleep(LOOK_SECONDS)


def seed(bed: Testbed, count: int, *clusters: Cluster) -> None:
    """Exactly so many applications on each cluster, settled. Those there stay; where there are more, all go first."""
    applications = objects.applications(count)
    lay_grounds(bed, *clusters)
    for cluster in clusters:
        if works(cluster).count() > count:
            forget(bed, cluster)
        there = set(works(cluster).values_list("owner_id", flat=True))
        submit([each for each in applications if each.owner_id not in there], cluster, together=A_TRANSACTION)
    for cluster in clusters:
        wait(bed, cluster)


def works(*clusters: Cluster) -> QuerySet[Work]:
    """Of the applications of the bench."""
    return Work.objects.filter(cluster__in=clusters, owner_kind=OWNER_KIND, name=APPLICATION)


def forget(bed: Testbed, cluster: Cluster) -> None:
    """The applications never were: neither rows nor objects. The grounds stay.

    Only once the workers rest, as who is at an application just then would leave its objects behind.
    """
    ground.rest(bed.meter(cluster.name))
    found = works(cluster)
    OwnedObject.objects.filter(work__in=found).delete()
    found.delete()
    ground.clear(bed, cluster.name)
    OwnedObject.objects.filter(cluster=cluster, work=None).delete()
