"""In what two releases of an environment differ on its clusters of today: facts of their specs, and objects."""

from __future__ import annotations

from dataclasses import dataclass

from apps.changes import ObjectChange, changes
from apps.contribution import RenderError
from apps.models import Environment, Release
from apps.problems import ProblemsError
from apps.render import render
from apps.spec import AppSpec
from clusters.models import Cluster


@dataclass(frozen=True)
class Differing:
    """One cluster: the objects that differ, or the sentence that says why they cannot be told."""

    cluster: str
    objects: tuple[ObjectChange, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class ConfigDifference:
    """A variable of the layers that differs on these clusters; None where it is not set."""

    key: str
    clusters: tuple[str, ...]
    before: str | None
    after: str | None


def object_differences(one: Release, other: Release, environment: Environment) -> list[Differing]:
    """On each cluster where the environment is, by name. Both are rendered anew, with the renderer of today."""
    old, new = AppSpec.from_json(one.spec), AppSpec.from_json(other.spec)
    placed = Cluster.objects.filter(pk__in=environment.placements.values("cluster")).order_by("name")
    return [_on(cluster, old, new) for cluster in placed]


def config_differences(one: Release, other: Release) -> list[ConfigDifference]:
    """Values of the layers that the releases pinned, by key; clusters with the same change stand together."""
    old, new = one.spec.get("config") or {}, other.spec.get("config") or {}
    found: dict[tuple[str, str | None, str | None], list[str]] = {}
    for cluster in sorted({*old, *new}):
        before, after = old.get(cluster) or {}, new.get(cluster) or {}
        for key in {*before, *after}:
            if before.get(key) != after.get(key):
                found.setdefault((key, before.get(key), after.get(key)), []).append(cluster)
    rows = [ConfigDifference(key, tuple(names), before, after) for (key, before, after), names in found.items()]
    return sorted(rows, key=lambda each: (each.key, each.clusters))


def routes(release: Release) -> list[str]:
    """HOST/PATH of each route, sorted."""
    uses = [each["params"] for each in release.spec.get("blocks") or () if each["block"] == "route"]
    return sorted(f"{each['host']}{each.get('path') or '/'}" for each in uses)


def blocks(release: Release) -> list[str]:
    """The building blocks it puts to use, each as often as it does."""
    return sorted(str(each["block"]) for each in release.spec.get("blocks") or ())


def _on(cluster: Cluster, old: AppSpec, new: AppSpec) -> Differing:
    try:
        before, after = ([each.to_json() for each in render(spec, cluster.target).manifests] for spec in (old, new))
    except (RenderError, ProblemsError) as error:
        return Differing(cluster.name, fault=str(error))
    return Differing(cluster.name, tuple(changes(before, after)))
