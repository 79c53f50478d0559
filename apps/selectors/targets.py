"""What may be rendered from on each cluster: facts and shares of replicas; and where an environment would be placed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from apps.division import DIVIDED
from apps.models import Environment
from apps.selectors.tenants import open_to
from clusters import selectors
from clusters.models import Cluster
from clusters.target import ClusterTarget, Sharer


def targets(placement: Mapping[str, Any], clusters: Iterable[Cluster]) -> dict[UUID, ClusterTarget]:
    """By cluster, of all the clusters of a placement that have been seen; with their shares where it divides."""
    found = {each.pk: each.target for each in clusters if "target" in each.facts}
    if placement.get("replicas") != DIVIDED:
        return found
    weights = placement.get("weights") or {}
    share = tuple(Sharer(each.name, weights.get(each.name, 1), each.routes) for each in found.values())
    return {pk: replace(each, share=share) for pk, each in found.items()}


def target_in(placement: Mapping[str, Any], cluster: Cluster) -> ClusterTarget:
    """What a cluster that has been seen would be rendered from in a placement; undivided where it is not part of it."""
    if "clusters" in placement:
        clusters = Cluster.objects.filter(name__in=placement["clusters"])
    else:
        clusters = Cluster.objects.filter(labels__contains=placement["selector"])
    return targets(placement, clusters).get(cluster.pk, cluster.target)


def differing(environment: Environment) -> tuple[list[str], list[str]]:
    """The clusters that its selector matches now though it is not on them, and those that it no longer matches.

    Nothing joins or leaves by itself: a person places it anew.
    """
    selector = environment.placement.get("selector")
    if not selector or environment.current_release_id is None or environment.retiring_at is not None:
        return [], []
    here = {each.cluster_id: each.cluster for each in environment.placements.all()}
    open_ = selectors.placeable().filter(suspended=False, facts__has_key="target", labels__contains=selector)
    joining = list(open_.exclude(pk__in=here).order_by("name"))
    granted = open_to(environment.application.project.team, joining)
    leaving = [each.name for each in here.values() if not selector.items() <= each.labels.items()]
    return [each.name for each in joining if each.pk in granted], sorted(leaving)
