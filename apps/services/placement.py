"""On which clusters an environment runs, by name or all whose labels match, and which share of its replicas each has.

Reads, and refusals with a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop as _

from apps.models import Environment
from apps.selectors.targets import targets
from apps.selectors.tenants import open_to
from clusters import selectors
from clusters.models import Cluster
from clusters.target import ClusterTarget
from paas.core.errors import Conflict, Invalid, Refusal


@dataclass(frozen=True)
class Placed:
    """The clusters, sorted by name, and by each what to render from; `notes` are for the person.

    `fresh` are those that it was not placed on before, `redivided` those that have another share than before.
    """

    clusters: tuple[Cluster, ...]
    targets: Mapping[UUID, ClusterTarget]
    fresh: frozenset[UUID]
    redivided: frozenset[UUID]
    notes: tuple[str, ...] = ()


def place(environment: Environment, placement: Mapping[str, Any]) -> Placed:
    """Resolve {"clusters": [names]} or {"selector": {label: value}}, with "replicas" and "weights" if it divides.

    Raises:
        Invalid: `cluster_unknown`.
        Conflict: for a cluster it is not on yet `cluster_not_granted`, `cluster_cordoned`,
            `cluster_suspended`, `cluster_leaving`, `cluster_not_ready`, `cluster_not_seen`; `no_cluster_matched`.
    """
    there = list(Cluster.objects.filter(pk__in=environment.placements.values("cluster")))
    here = {each.pk for each in there}
    if "clusters" in placement:
        found, notes = _by_name(environment, list(placement["clusters"]), here)
    else:
        found, notes = _by_selector(environment, dict(placement["selector"]), here)
    notes += [
        f"{each.name} is suspended: {environment.name} is delivered there once it is resumed."
        for each in found
        if each.suspended
    ]
    before = targets(environment.placement, [each for each in there if not each.leaving])
    after = targets(placement, found)
    redivided = frozenset(pk for pk in after if pk in before and before[pk].share != after[pk].share)
    return Placed(tuple(found), after, frozenset(after.keys() - here), redivided, tuple(notes))


def _by_name(environment: Environment, names: list[str], here: set[UUID]) -> tuple[list[Cluster], list[str]]:
    found = {each.name: each for each in Cluster.objects.filter(name__in=names)}
    if unknown := sorted(set(names) - set(found)):
        known = ", ".join(Cluster.objects.values_list("name", flat=True)[:20]) or "none"
        raise Invalid(
            "cluster_unknown",
            _("There is no cluster %(names)s."),
            rule=_("Registered clusters: %(known)s."),
            params={"names": ", ".join(unknown), "known": known},
            details={
                "errors": [
                    {
                        "path": f"environments.{environment.name}.clusters",
                        "expected": "names of registered clusters",
                        "got": each,
                    }
                    for each in unknown
                ]
            },
        )
    open_ = _Open(environment, found.values(), here)
    for name in sorted(found):
        refusal = open_.refusal(found[name])
        if refusal is not None:
            raise refusal
    return [found[name] for name in sorted(found)], []


def _by_selector(
    environment: Environment, selector: dict[str, str], here: set[UUID]
) -> tuple[list[Cluster], list[str]]:
    matching = list(Cluster.objects.filter(labels__contains=selector).order_by("name"))
    open_ = _Open(environment, matching, here)
    chosen: list[Cluster] = []
    notes: list[str] = []
    for cluster in matching:
        refusal = open_.refusal(cluster)
        if refusal is None:
            chosen.append(cluster)
        else:
            notes.append(f"{cluster.name} matches but is left out: {refusal.message}")
    if not chosen:
        wanted = ", ".join(f"{key}={value}" for key, value in sorted(selector.items()))
        raise Conflict(
            "no_cluster_matched",
            f"No cluster can take {environment.name}: none with {wanted} is open."
            + "".join(f" {each}" for each in notes),
            remedy="Change the selector, or ask an operator to label or uncordon a cluster.",
        )
    return chosen, notes


class _Open:
    """Which of some clusters can take the environment."""

    def __init__(self, environment: Environment, clusters: Collection[Cluster], here: set[UUID]) -> None:
        self._here = here
        self._ready = set(selectors.placeable().values_list("pk", flat=True))
        self._granted = open_to(environment.application.project.team, clusters)

    def refusal(self, cluster: Cluster) -> Refusal | None:
        """Why the cluster cannot take it; what runs there already is only refused where the cluster is leaving."""
        granted, ready = cluster.pk in self._granted, cluster.pk in self._ready
        reasons = (
            (cluster.leaving, "cluster_leaving", _("Cluster '%(cluster)s' is being unregistered.")),
            (
                not granted,
                "cluster_not_granted",
                _("Cluster '%(cluster)s' is closed to the environments of your team."),
            ),
            (
                cluster.suspended,
                "cluster_suspended",
                _("Cluster '%(cluster)s' is suspended: nothing is delivered to it."),
            ),
            (cluster.cordoned, "cluster_cordoned", _("Cluster '%(cluster)s' is cordoned: it takes nothing new.")),
            (not ready, "cluster_not_ready", _("Cluster '%(cluster)s' cannot be delivered to at present.")),
            ("target" not in cluster.facts, "cluster_not_seen", _("Nothing is known yet of cluster '%(cluster)s'.")),
        )
        for holds, code, message in reasons[:1] if cluster.pk in self._here else reasons:
            if holds:
                return Conflict(
                    code, message, remedy=_("Name another cluster, or ask an operator."), params={"cluster": cluster}
                )
        return None
