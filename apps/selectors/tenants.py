"""From rows to the layers of a team's policy on clusters, and what they come to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from apps.delivery import GROUND, OWNER_KIND
from apps.ground import LOGS_ROLE
from apps.models import Environment, Placement, TenantException, TenantPolicy
from apps.models.tenant import layer_name
from apps.selectors.pull_secrets import pulls_of
from apps.tenants import COUNTED, Decided, Layer, Policy, decide, decide_groups, policy
from clusters.models import Cluster, Work
from clusters.quantity import quantity
from clusters.quotas import REPORTED
from paas.core.permissions import Actor, visible
from paas.identity.models import Team

BINDINGS_GRANTED = 2
"""The revision of deploy/member that lets the writer bind groups of people and the team's account."""
LOGS_GRANTED = 3
"""The one by which that account may read logs, and be spoken for wherever logs are read."""


@dataclass(frozen=True)
class Tenant:
    """A team on a cluster: how many environments it has there, each figure and each group's role with the layer that
    says it, and whether groups wait until the cluster is joined again.
    """

    cluster: Cluster
    environments: int
    figures: Mapping[str, Decided]
    groups: Mapping[str, Decided]

    @property
    def waits(self) -> bool:
        """Whether the cluster does not grant yet what it takes to let groups in."""
        return bool(self.groups) and not grants_bindings(self.cluster)


def policies(team: Team, clusters: Collection[Cluster]) -> dict[UUID, Policy]:
    """What holds for the team in each namespace on each cluster, by cluster."""
    found, pulls = _layers(team, clusters), pulls_of(team)
    return {each.pk: replace(policy(found[each.pk]), pulls=pulls) for each in clusters}


def open_to(team: Team, clusters: Collection[Cluster]) -> set[UUID]:
    """Of the clusters, those that the team's environments may come to."""
    found = _layers(team, clusters) if clusters else {}
    return {pk for pk, layers in found.items() if policy(layers).takes}


def tenants(team: Team) -> list[Tenant]:
    """The team on every cluster, by name; those that are leaving too, while it is there."""
    there = Placement.objects.filter(environment__application__project__team=team)
    counts = dict(there.values_list("cluster").annotate(Count("pk")))
    clusters = [each for each in Cluster.objects.defer("ca_data") if not each.leaving or each.pk in counts]
    found = _layers(team, clusters)
    return [
        Tenant(each, counts.get(each.pk, 0), decide(found[each.pk]), decide_groups(found[each.pk])) for each in clusters
    ]


@dataclass(frozen=True)
class Usage:
    """How full the quota of an environment on a cluster is, as last looked at: figure → (used, limit)."""

    environment: str
    cluster: str
    seen_at: datetime
    figures: Mapping[str, tuple[str, str]]

    @property
    def fullest(self) -> Decimal:
        """The largest share of a limit that is used; 1 is all of it."""
        return max((share(*each) for each in self.figures.values()), default=Decimal(0))


def share(used: str, limit: str) -> Decimal:
    """Which part of a limit is used; of a limit of nothing, all."""
    whole = quantity(limit)
    return quantity(used) / whole if whole else Decimal(1)


def usage(team: Team) -> list[Usage]:
    """Of the team's environments that have a quota which was counted, the fullest first."""
    works = Work.objects.filter(team=team, owner_kind=OWNER_KIND, name=GROUND, reported__has_key=REPORTED)
    rows = works.select_related("cluster").only("owner_name", "updated_at", "reported", "cluster__name")
    found = [Usage(each.owner_name, each.cluster.name, each.updated_at, _counted(each.reported)) for each in rows]
    return sorted(found, key=lambda each: (-each.fullest, each.environment, each.cluster))


def _counted(reported: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Of what we limit ourselves; a quota of the cluster's administrators is not ours to tell of."""
    [entry, *_] = reported[REPORTED]
    return {
        name: (entry["used"].get(counted, "0"), entry["hard"][counted])
        for name, counted in COUNTED.items()
        if counted in entry["hard"]
    }


def exceptions_of(actor: Actor, team: Team) -> QuerySet[TenantException]:
    """Those of the team, newest first, in force or not."""
    return visible(actor, TenantException.objects.filter(team=team).select_related("team", "cluster"))


def grants_bindings(cluster: Cluster) -> bool:
    """Whether what the cluster granted when it was joined lets us bind these."""
    return int(cluster.facts.get("grants") or 0) >= BINDINGS_GRANTED


def grants_logs(cluster: Cluster) -> bool:
    """Whether people may read logs there as their team's account."""
    return int(cluster.facts.get("grants") or 0) >= LOGS_GRANTED


def naming(environment: Environment) -> set[UUID]:
    """The clusters on which the team's account may read its logs, by what the loop has delivered."""
    bound = [{"body": {"kind": "RoleBinding", "metadata": {"name": LOGS_ROLE}}}]
    grounds = Work.objects.filter(
        owner_kind=OWNER_KIND, owner_id=environment.pk, name=GROUND, manifests__contains=bound
    )
    return set(grounds.filter(observed_generation=F("generation")).values_list("cluster_id", flat=True))


def tenant_policy(team: Team | None, cluster: Cluster | None) -> TenantPolicy | None:
    """The row of one layer."""
    return TenantPolicy.objects.filter(team=team, cluster=cluster).first()


def _layers(team: Team, clusters: Collection[Cluster]) -> dict[UUID, list[Layer]]:
    """Broad to narrow, by cluster; exceptions last, the newest of all."""
    in_force = TenantException.objects.filter(team=team, state=TenantException.State.IN_FORCE).order_by("created_at")
    exceptions = list(in_force)
    rows = TenantPolicy.objects.filter(Q(team=None) | Q(team=team), Q(cluster=None) | Q(cluster__in=clusters))
    said = {(each.team_id, each.cluster_id): each for each in rows}
    return {each.pk: [*_of(said, team, each), *_excepted(exceptions, each)] for each in clusters}


def _excepted(exceptions: list[TenantException], cluster: Cluster) -> Iterator[Layer]:
    for each in exceptions:
        if each.cluster_id in (None, cluster.pk) and each.ends_at is not None:
            yield Layer(f"exception of {each.owner_name} until {each.ends_at:%Y-%m-%d}", each.figures)


def _of(said: Mapping[tuple[UUID | None, UUID | None], TenantPolicy], team: Team, cluster: Cluster) -> Iterator[Layer]:
    for whose, where in ((None, None), (None, cluster), (team, None), (team, cluster)):
        if row := said.get((whose.pk if whose else None, where.pk if where else None)):
            yield Layer(layer_name(whose, where), row.figures, row.groups)
