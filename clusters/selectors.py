"""Reads of the fleet, as querysets; `placement` of higher packages, the loop and the entry points ask here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from clusters.breaker import CLOSED
from clusters.conditions import NEEDED
from clusters.models import Cluster, ClusterCredential, Work
from paas.core.permissions import Actor, visible

FLEET_CHANNEL = "clusters"
"""The live channel of the fleet: hinted at each change of what its pages show, but for figures."""

WORKS_CHANNEL = "works"
"""The live channel of lists of Works: hinted where one is desired otherwise, or is seen to be otherwise."""


def clusters_of(actor: Actor) -> QuerySet[Cluster]:
    """What the actor may see of the fleet: all of it, once signed in."""
    return visible(actor, Cluster.objects.all())


def fleet(actor: Actor) -> QuerySet[Cluster]:
    """The same, with `works_count`, and `works_ill` of those that are not as they should be."""
    ill = ~Q(works__health__in=("Healthy", "Suspended"))
    return clusters_of(actor).annotate(works_count=Count("works"), works_ill=Count("works", filter=ill))


def with_dates(clusters: QuerySet[Cluster]) -> QuerySet[Cluster]:
    """With the dates of their credentials, never the secrets: the encrypted columns are not even read."""
    dates = ClusterCredential.objects.defer("token", "client_key", "client_certificate")
    return clusters.prefetch_related(Prefetch("credentials", queryset=dates))


@dataclass(frozen=True, slots=True)
class Ends:
    """Until when: the writer's credential in force, the server's certificate. None is never, or not known."""

    credential: datetime | None
    certificate: datetime | None
    renewed: bool


def ends(cluster: Cluster) -> Ends:
    """Of a cluster that was read `with_dates`."""
    found = sorted(cluster.credentials.all(), key=lambda each: each.version)
    writers = [each for each in found if each.purpose == ClusterCredential.Purpose.WRITER]
    certificate = cluster.facts.get("certificate_expires_at")
    return Ends(
        credential=writers[-1].expires_at if writers else None,
        certificate=datetime.fromisoformat(str(certificate)) if certificate else None,
        renewed=len(found) > len(writers),
    )


def works_of(actor: Actor) -> QuerySet[Work]:
    """Works of the actor's teams; operators see all."""
    return visible(actor, Work.objects.select_related("cluster", "team"))


def deliverable() -> QuerySet[Cluster]:
    """Clusters that the loop may write to now: not suspended, breaker closed, and none of NEEDED said to be False."""
    return Cluster.objects.filter(CLOSED, suspended=False).exclude(_refused())


def placeable() -> QuerySet[Cluster]:
    """Clusters that may take something new: neither cordoned nor leaving, and not said to be another cluster."""
    return Cluster.objects.filter(cordoned=False, leaving=False).exclude(_refused())


def _refused() -> Q:
    said = Q()
    for type in NEEDED:  # noqa: A001 - the field's own word
        said |= Q(conditions__contains=[{"type": type, "status": "False"}])
    return said
