"""How an application is right now, from the Works themselves: what the API, the CLI and the live pages show.

Four queries for an application, whatever its number of environments, clusters and objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from apps.delivery import OWNER_KIND, RUN_PREFIX
from apps.models import Application, Environment
from apps.render import RENDERER
from apps.rollup import Facts, Sight, conditions, roll_up
from apps.selectors.targets import differing, targets
from clusters.conditions import in_the_way, judged
from clusters.health import Health, Verdict, worst
from clusters.models import Cluster, OwnedObject, Work


def status(application: Application) -> dict[str, Any]:
    """{"application", "project", "state", "environments": [...]}; each environment as `environment_status` says it."""
    environments = list(
        application.environments.filter(retired_at=None)
        .select_related("current_release", "status")
        .defer("current_release__spec", "current_release__app_file")
        .prefetch_related("placements__cluster")
    )
    works = _works([each.pk for each in environments])
    return {
        "application": application.name,
        "project": application.project.name,
        "state": application.state,
        "environments": [_told(each, works.get(each.pk, [])) for each in environments],
    }


def environment_status(environment: Environment) -> dict[str, Any]:
    """{"id", "name", "release", "image", "generation", "observed", "health", "conditions", "clusters": [{"name",
    "health", "conditions", "notes", "works": [{"id", "name", "intent", "generation", "observed_generation", "health",
    "conditions", "reported", "objects": [{"id", "oid", "health", "reason", "message"}]}]}]}. The conditions of a
    cluster are those that keep anything from being delivered there. Each condition says whether it is `good`.
    """
    return _told(environment, _works([environment.pk]).get(environment.pk, []))


def sights(works: Iterable[Work]) -> list[Sight]:
    """Works read with their cluster, as values."""
    return [
        Sight(
            name=work.name,
            cluster=work.cluster.name,
            present=work.intent == Work.Intent.PRESENT,
            generation=work.generation,
            observed_generation=work.observed_generation,
            health=work.health,
            conditions=work.conditions,
        )
        for work in works
    ]


def lasting(works: Iterable[Work]) -> list[Work]:
    """Those that an environment stands on, less what is run once and then is history."""
    return [work for work in works if not work.name.startswith(RUN_PREFIX)]


def facts(environment: Environment, works: Sequence[Work]) -> Facts:
    """What there is to say of an environment whose placements were read with their clusters."""
    return Facts(
        released=environment.current_release_id is not None,
        retiring=environment.retiring_at is not None,
        generation=environment.generation,
        works=sights(lasting(works)),
        stale=stale_clusters(environment),
        placed_otherwise=differing(environment),
    )


def stale_clusters(environment: Environment) -> list[str]:
    """Clusters for which the present release would be rendered from other facts, for another pool of its team's, or by
    a newer renderer.
    """
    placed = list(environment.placements.all())
    now = targets(environment.placement, [each.cluster for each in placed if not each.cluster.leaving])
    return [
        each.cluster.name
        for each in placed
        if each.renderer < RENDERER
        or each.pool_stale
        or (each.cluster_id in now and each.target_digest != now[each.cluster_id].digest)
    ]


def works_of(environment_ids: Sequence[Any]) -> QuerySet[Work]:
    """With clusters, without the manifests."""
    found = Work.objects.filter(owner_kind=OWNER_KIND, owner_id__in=environment_ids).order_by(
        "cluster__name", "created_at"
    )
    return found.select_related("cluster").defer("manifests", "removable", "cluster__ca_data", "cluster__facts")


def _works(environment_ids: Sequence[Any]) -> dict[Any, list[Work]]:
    present = OwnedObject.objects.filter(gone_at=None)
    grouped: dict[Any, list[Work]] = {}
    for work in works_of(environment_ids).prefetch_related(Prefetch("objects_owned", present)):
        grouped.setdefault(work.owner_id, []).append(work)
    return grouped


def _told(environment: Environment, works: list[Work]) -> dict[str, Any]:
    found = roll_up(facts(environment, works))
    before = environment.status.conditions if hasattr(environment, "status") else []
    release = environment.current_release
    notes = {each.cluster.name: each.notes for each in environment.placements.all()}
    there = {each.cluster.name: each.cluster for each in environment.placements.all()}
    there |= {work.cluster.name: work.cluster for work in works}
    return {
        "id": str(environment.pk),
        "name": environment.name,
        "release": release.number if release else None,
        "image": release.image if release else None,
        "generation": environment.generation,
        "observed": found.observed,
        "health": str(found.health),
        "conditions": judged(conditions(before, found.conditions, now=timezone.now())),
        "clusters": [
            _cluster(cluster, notes.get(name, []), [work for work in works if work.cluster.name == name])
            for name, cluster in sorted(there.items())
        ],
    }


def _cluster(cluster: Cluster, notes: list[str], works: list[Work]) -> dict[str, Any]:
    seen = sights(lasting(works))
    verdict = worst(each.verdict for each in seen) if seen else Verdict(Health.UNKNOWN, "NoWorks")
    return {
        "name": cluster.name,
        "health": str(verdict.health),
        "conditions": judged(in_the_way(cluster.conditions)),
        "notes": notes,
        "works": [_work(each) for each in works],
    }


def _work(work: Work) -> dict[str, Any]:
    return {
        "id": str(work.pk),
        "name": work.name,
        "intent": work.intent,
        "generation": work.generation,
        "observed_generation": work.observed_generation,
        "health": work.health,
        "conditions": judged(work.conditions),
        "reported": work.reported,
        "objects": [
            {
                "id": _short(each.oid),
                "oid": each.oid,
                "health": each.health,
                "reason": each.reason,
                "message": each.message,
            }
            for each in work.objects_owned.all()
        ],
    }


def _short(oid: str) -> str:
    """ "Kind/name", as people say it: the namespace is the environment's own."""
    _, kind, _, name = oid.split("/")
    return f"{kind}/{name}"
