"""What a person sees of the configuration of an environment: each value, which layer set it, what it hides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from apps.config import Effective, Resolved
from apps.contribution import RenderError
from apps.models import Environment, Placement, Release
from apps.problems import ProblemsError
from apps.render import set_by_blocks
from apps.selectors.config import resolved_at, resolved_each, scope_of
from apps.spec import AppSpec
from clusters.models import Cluster

_UNSET = Effective("", None, None, (), ())


def explained(environment: Environment) -> list[dict[str, Any]]:
    """For each cluster {"cluster", "keys": [{"key", "value", "released", "source", "hides", "declared",
    "set_by_blocks"}], "faults"}; without clusters one entry without the cluster's layer.

    `released` is what the present release pinned: it differs from `value` where that waits for the next deploy.
    """
    return explained_each([environment])[environment.pk]


def explained_each(environments: Collection[Environment]) -> dict[UUID, list[dict[str, Any]]]:
    """The same for many environments, by their ids, in a fixed number of queries for those that are placed."""
    by_cluster, specs = _by_cluster(environments), _released(environments)
    return {
        each.pk: [_explained(cluster, found, specs.get(each.pk)) for cluster, found in by_cluster[each.pk]]
        for each in environments
    }


def compared(here: Environment, there: Environment) -> dict[str, Any]:
    """{"here", "there", "keys": [{"key", "differs", "here": [{"cluster", "value", "layer", "of"}], "there"}]}."""
    found = _by_cluster([here, there])
    sides = [found[here.pk], found[there.pk]]
    keys = sorted({about.key for side in sides for _, each in side for about in each.keys})
    rows = []
    for key in keys:
        left, right = ([_side(cluster, each, key) for cluster, each in side] for side in sides)
        differs = {each["value"] for each in left} != {each["value"] for each in right}
        rows.append({"key": key, "differs": differs, "here": left, "there": right})
    return {"here": scope_of(here).name, "there": scope_of(there).name, "keys": rows}


def _explained(cluster: Cluster | None, found: Resolved, spec: AppSpec | None) -> dict[str, Any]:
    pinned = spec.config.get(cluster.name, {}) if spec and cluster else {}
    blocks = _set_by_blocks(spec, cluster) if spec and cluster else {}
    keys = {about.key: about for about in found.keys}
    return {
        "cluster": cluster.name if cluster else None,
        "keys": [_key(key, keys.get(key, _UNSET), pinned.get(key), blocks) for key in sorted({*keys, *pinned})],
        "faults": [
            {"key": fault.key, "code": fault.code, "message": fault.message, "remedy": fault.remedy}
            for fault in found.faults
        ],
    }


def _by_cluster(environments: Collection[Environment]) -> dict[UUID, list[tuple[Cluster | None, Resolved]]]:
    on: dict[UUID, list[Cluster]] = {each.pk: [] for each in environments}
    # Read anew: lists leave out the facts of clusters, which say what the blocks make of them.
    for each in Placement.objects.filter(environment__in=on).select_related("cluster").order_by("cluster__name"):
        on[each.environment_id].append(each.cluster)
    found = resolved_each([(each, on[each.pk]) for each in environments if on[each.pk]])
    return {
        each.pk: [(cluster, found[each.pk][cluster.name]) for cluster in on[each.pk]]
        or [(None, resolved_at(scope_of(each)))]
        for each in environments
    }


def _released(environments: Collection[Environment]) -> dict[UUID, AppSpec]:
    current = {each.current_release_id: each.pk for each in environments if each.current_release_id}
    rows = Release.objects.filter(pk__in=current).values_list("pk", "spec")
    return {current[pk]: AppSpec.from_json(spec) for pk, spec in rows}


def _set_by_blocks(spec: AppSpec, cluster: Cluster) -> dict[str, dict[str, str]]:
    try:
        return set_by_blocks(spec, cluster.target)
    except (RenderError, ProblemsError):
        # The cluster is no longer what the release was rendered for; its status says so.
        return {}


def _key(key: str, about: Effective, released: str | None, blocks: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        "key": key,
        "value": about.value,
        "released": released,
        "source": vars(about.source) if about.source else None,
        "hides": [vars(each) for each in about.hides],
        "declared": [{"layer": each.layer, "of": each.of, **each.declaration.to_json()} for each in about.declared],
        "set_by_blocks": [
            {"process": process, "block": keys[key]} for process, keys in sorted(blocks.items()) if key in keys
        ],
    }


def _side(cluster: Cluster | None, found: Resolved, key: str) -> dict[str, Any]:
    about = next((each for each in found.keys if each.key == key), _UNSET)
    return {
        "cluster": cluster.name if cluster else None,
        "value": about.value,
        "layer": about.source.layer if about.source else None,
        "of": about.source.of if about.source else None,
    }
