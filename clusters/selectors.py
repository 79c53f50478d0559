"""Reads of the fleet, as querysets; `placement` of higher packages, the loop and the entry points ask here."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from clusters.breaker import CLOSED
from clusters.conditions import NEEDED
from clusters.models import Cluster, Work
from paas.core.permissions import Actor, visible


def clusters_of(actor: Actor) -> QuerySet[Cluster]:
    """What the actor may see of the fleet: all of it, once signed in."""
    return visible(actor, Cluster.objects.all())


def fleet(actor: Actor) -> QuerySet[Cluster]:
    """The same, with `works_count`."""
    return clusters_of(actor).annotate(works_count=Count("works"))


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
