"""What a person sees of the configuration of an environment: each value, which layer set it, what it hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.config import Effective, Resolved
from apps.contribution import RenderError
from apps.models import Environment, Release
from apps.problems import ProblemsError
from apps.render import set_by_blocks
from apps.selectors.config import resolved, resolved_at, scope_of
from apps.spec import AppSpec
from clusters.models import Cluster

_UNSET = Effective("", None, None, (), ())


def explained(environment: Environment) -> list[dict[str, Any]]:
    """For each cluster {"cluster", "keys": [{"key", "value", "released", "source", "hides", "declared",
    "set_by_blocks"}], "faults"}; without clusters one entry without the cluster's layer.

    `released` is what the present release pinned: it differs from `value` where that waits for the next deploy.
    """
    spec = _released(environment)
    found = []
    for cluster, each in _by_cluster(environment):
        pinned = spec.config.get(cluster.name, {}) if spec and cluster else {}
        blocks = _set_by_blocks(spec, cluster) if spec and cluster else {}
        keys = {about.key: about for about in each.keys}
        found.append(
            {
                "cluster": cluster.name if cluster else None,
                "keys": [_key(key, keys.get(key, _UNSET), pinned.get(key), blocks) for key in sorted({*keys, *pinned})],
                "faults": [
                    {"key": fault.key, "code": fault.code, "message": fault.message, "remedy": fault.remedy}
                    for fault in each.faults
                ],
            }
        )
    return found


def compared(here: Environment, there: Environment) -> dict[str, Any]:
    """{"here", "there", "keys": [{"key", "differs", "here": [{"cluster", "value", "layer", "of"}], "there"}]}."""
    sides = [_by_cluster(here), _by_cluster(there)]
    keys = sorted({about.key for side in sides for _, each in side for about in each.keys})
    rows = []
    for key in keys:
        left, right = ([_side(cluster, each, key) for cluster, each in side] for side in sides)
        differs = {each["value"] for each in left} != {each["value"] for each in right}
        rows.append({"key": key, "differs": differs, "here": left, "there": right})
    return {"here": scope_of(here).name, "there": scope_of(there).name, "keys": rows}


def _by_cluster(environment: Environment) -> list[tuple[Cluster | None, Resolved]]:
    # Read anew: lists leave out the facts of clusters, which say what the blocks make of them.
    clusters = list(Cluster.objects.filter(pk__in=environment.placements.values("cluster")).order_by("name"))
    if not clusters:
        return [(None, resolved_at(scope_of(environment)))]
    found = resolved(environment, clusters)
    return [(cluster, found[cluster.name]) for cluster in clusters]


def _released(environment: Environment) -> AppSpec | None:
    if environment.current_release_id is None:
        return None
    return AppSpec.from_json(Release.objects.only("spec").get(pk=environment.current_release_id).spec)


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
