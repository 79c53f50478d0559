"""The releases that a change of configuration makes: for each environment it reaches, what runs with other values.

Called by `services.config` inside the transaction of the change, before and after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_noop as _

from apps.config import Resolved
from apps.models import Application, Environment, Placement, Release
from apps.selectors.config import Scope
from apps.services.deploy import release_where_it_is
from apps.services.environments import announce
from apps.services.freezes import heed_freeze
from apps.services.pins import refuse_faults
from apps.services.protection import no_release_of_config
from apps.spec import AppSpec
from clusters.models import Cluster
from paas.core import audit
from paas.core.errors import Conflict
from paas.core.permissions import Actor

MOST_ENVIRONMENTS = 200

Reach = list[tuple[Environment, list[Cluster]]]

_PATHS = {
    "cluster": "placements__cluster",
    "team": "application__project__team",
    "project": "application__project",
    "application": "application",
}


@dataclass(frozen=True)
class Difference:
    """One variable on one cluster; None where it is not there."""

    cluster: str
    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Reconfigured:
    """A release that was made, and in what it differs from what ran before."""

    environment: Environment
    release: Release
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def held_reach(scope: Scope) -> Reach:
    """The environments with a release that a layer reaches, and where they are, under the locks of their applications.

    Raises:
        Conflict: `config_reach_too_wide`.
    """
    count = _reached(scope).count()
    if count > MOST_ENVIRONMENTS:
        raise Conflict(
            "config_reach_too_wide",
            _("%(layer)s reaches %(count)d environments."),
            rule=_("One act makes at most %(most)d releases."),
            remedy=_("Store it without releases; each environment takes it with its next deploy."),
            params={"layer": scope, "count": count, "most": MOST_ENVIRONMENTS},
        )
    # All of them in one order, so that two changes wait for each other and never in a circle.
    owners = Application.objects.filter(pk__in=_reached(scope).values("application")).order_by("pk")
    list(owners.select_for_update(no_key=True).values_list("pk"))
    placed = Placement.objects.filter(cluster__leaving=False).select_related("cluster")
    found = _reached(scope).select_related("application__project__team", "current_release")
    found = found.prefetch_related(Prefetch("placements", placed))
    order = ("application__project__name", "application__name", "name")
    return [(each, [there.cluster for there in each.placements.all()]) for each in found.order_by(*order)]


def reconfigure(
    environment: Environment,
    clusters: list[Cluster],
    before: Mapping[str, Resolved],
    after: Mapping[str, Resolved],
    *,
    actor: Actor,
    reason: str,
) -> Reconfigured | None:
    """The release of an environment for which a change makes a difference, else None.

    Only what the change makes different is different in the release: what a rollback brought back stays.

    Raises:
        Invalid: the codes of `pins.pinned_config` and of the renderer.
        Conflict: `environment_protected`, `frozen`; whatever admission refuses with.
    """
    current = environment.current_release
    if current is None:
        return None
    spec = AppSpec.from_json(current.spec)
    differences = tuple(_differences(spec, before, after))
    if not differences:
        return None
    no_release_of_config(environment)
    heed_freeze(environment, actor, None)
    refuse_faults(str(environment), after)
    spec = replace(spec, config=_applied(spec, differences))
    release, notes = release_where_it_is(environment, spec, clusters, current.app_file, actor=actor, reason=reason)
    audit.record(
        actor=actor,
        action="environment.reconfigured",
        target=environment,
        before={"release": current.number, "config": _told(differences, "before")},
        after={"release": release.number, "config": _told(differences, "after")},
        reason=reason,
    )
    announce(environment.application)
    return Reconfigured(environment, release, differences, tuple(notes))


def _reached(scope: Scope) -> QuerySet[Environment]:
    living = Environment.objects.filter(
        retired_at=None, retiring_at=None, application__retiring_at=None, current_release__isnull=False
    )
    if scope.kind == "platform":
        return living
    if scope.kind == "environment":
        return living.filter(pk=scope.id)
    return living.filter(**{_PATHS[scope.kind]: scope.id})


def _differences(spec: AppSpec, before: Mapping[str, Resolved], after: Mapping[str, Resolved]) -> Iterator[Difference]:
    for cluster, found in sorted(after.items()):
        old, new, pinned = before[cluster].values, found.values, spec.config.get(cluster, {})
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key) and pinned.get(key) != new.get(key):
                yield Difference(cluster, key, pinned.get(key), new.get(key))


def _applied(spec: AppSpec, differences: tuple[Difference, ...]) -> dict[str, dict[str, str]]:
    config = {cluster: dict(values) for cluster, values in spec.config.items()}
    for each in differences:
        values = config.setdefault(each.cluster, {})
        if each.after is None:
            values.pop(each.key, None)
        else:
            values[each.key] = each.after
    return config


def _told(differences: tuple[Difference, ...], which: str) -> dict[str, Any]:
    found: dict[str, dict[str, str | None]] = {}
    for each in differences:
        found.setdefault(each.cluster, {})[each.key] = getattr(each, which)
    return found
