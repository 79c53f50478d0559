"""From rows to the layers of configuration: whose they are, what they say, and what they come to where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Max, Q, QuerySet

from apps.config import LAYERS, Entry, Layer, Resolved, resolve
from apps.models import Application, ConfigChange, ConfigProposal, Environment, Project
from apps.schemas import one_of
from apps.terms import givable
from clusters.models import Cluster
from paas.core.errors import Invalid
from paas.core.permissions import Actor, not_found, visible
from paas.identity.models import Team

PLATFORM_ID = UUID(int=0)
Entries = Mapping[UUID, Mapping[str, Entry]]
"""What the layers say, by the id of their scope."""


@dataclass(frozen=True)
class Scope:
    """What a layer belongs to; `row` is None for the platform. Written "team/crew", "application/demo/hello", …"""

    kind: str
    id: UUID
    name: str
    row: Any = None

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" if self.name else self.kind


PLATFORM = Scope("platform", PLATFORM_ID, "")


def scope_of(row: models.Model) -> Scope:
    """The scope of a cluster, team, project, application or environment."""
    match row:
        case Environment():
            parts = [row.application.project.name, row.application.name, row.name]
        case Application():
            parts = [row.project.name, row.name]
        case Cluster() | Team() | Project():
            parts = [row.name]
        case _:
            raise TypeError(f"{type(row).__name__} has no configuration")
    return Scope(str(row._meta.model_name), row.pk, "/".join(parts), row)


def find_scope(actor: Actor, kind: str, name: str) -> Scope:
    """The scope of that kind and name, which is as `Scope.name` has it.

    Raises:
        Invalid: `config_scope_unknown`.
        NotFound: `<noun>_not_found`, also where it may not be viewed.
    """
    if kind not in LAYERS:
        raise Invalid("config_scope_unknown", f"'{kind}' is no layer.", rule=f"A layer is {one_of(LAYERS, kind)}.")
    if kind == "platform":
        return PLATFORM
    steps = _STEPS[kind]
    parts = name.split("/")
    if len(parts) != len(steps):
        form = {1: "NAME", 2: "PROJECT/NAME", 3: "PROJECT/APPLICATION/NAME"}[len(steps)]
        raise Invalid("config_scope_unknown", f"'{name}' names no {kind}.", rule=f"It is named as {form}.")
    named = visible(actor, _ROWS[kind]).filter(**dict(zip(steps, parts, strict=True)))
    found = named.first() if givable(name) else None
    if found is None:
        raise not_found(_ROWS[kind].model)
    return scope_of(found)


def scope_by_id(kind: str, scope_id: UUID) -> Scope:
    """The scope of a stored change. Raises NotFound where its object is gone or retired."""
    if kind == "platform":
        return PLATFORM
    found = _ROWS[kind].filter(pk=scope_id).first()
    if found is None:
        raise not_found(_ROWS[kind].model)
    return scope_of(found)


def lineage(scope: Scope) -> list[Scope]:
    """The scope and what is wider, the widest first; clusters stand beside, so only a cluster has itself in it."""
    found = [scope]
    row = scope.row
    while parent := {"environment": "application", "application": "project", "project": "team"}.get(found[0].kind):
        row = getattr(row, parent)
        found.insert(0, scope_of(row))
    return found if scope.kind == "platform" else [PLATFORM, *found]


def entries(scope_ids: Collection[UUID]) -> Entries:
    """What is in force in these scopes; one query."""
    rows = ConfigChange.objects.filter(scope_id__in=scope_ids).order_by("scope_id", "key", "-version")
    found: dict[UUID, dict[str, Entry]] = {each: {} for each in scope_ids}
    for scope_id, key, after in rows.distinct("scope_id", "key").values_list("scope_id", "key", "after"):
        if after is not None:
            found[scope_id][key] = Entry.from_json(after)
    return found


def changes_seen(actor: Actor) -> QuerySet[ConfigChange]:
    """Of the platform's layer, which everyone reads, and of those whose object is there and the actor may view."""
    seen = Q(scope="platform")
    for kind, rows in _ROWS.items():
        seen |= Q(scope=kind, scope_id__in=visible(actor, rows).values("pk"))
    return ConfigChange.objects.filter(seen)


def scope_version(scope: Scope) -> int:
    """How often the scope's config was changed."""
    found = ConfigChange.objects.filter(scope_id=scope.id).aggregate(last=Max("version"))["last"]
    return int(found or 0)


def resolved_at(scope: Scope) -> Resolved:
    """What the scope and all that is wider come to, with nothing nearer."""
    scopes = lineage(scope)
    there = entries([each.id for each in scopes])
    return resolve([Layer(each.kind, each.name, there[each.id]) for each in scopes])


def resolved(environment: Environment, clusters: Iterable[Cluster]) -> dict[str, Resolved]:
    """What the layers of an environment come to on each cluster, by its name; without clusters none."""
    return resolved_each([(environment, list(clusters))])[environment.pk]


def resolved_each(placed: Collection[tuple[Environment, list[Cluster]]]) -> dict[UUID, dict[str, Resolved]]:
    """The same for many environments, in one query."""
    ladders = {environment.pk: lineage(scope_of(environment)) for environment, _ in placed}
    ids = {scope.id for ladder in ladders.values() for scope in ladder}
    there = entries([*ids, *{cluster.pk for _, clusters in placed for cluster in clusters}])
    return {
        environment.pk: {
            cluster.name: _resolved_on(ladders[environment.pk], scope_of(cluster), there) for cluster in clusters
        }
        for environment, clusters in placed
    }


def _resolved_on(ladder: list[Scope], cluster: Scope, there: Entries) -> Resolved:
    scopes = sorted([*ladder, cluster], key=lambda each: LAYERS.index(each.kind))
    return resolve([Layer(each.kind, each.name, there[each.id]) for each in scopes])


def history(scope: Scope, key: str = "") -> QuerySet[ConfigChange]:
    """The changes of a scope, newest first."""
    found = ConfigChange.objects.filter(scope_id=scope.id).order_by("-id")
    return found.filter(key=key if givable(key) else "") if key else found


def proposals_of(actor: Actor) -> QuerySet[ConfigProposal]:
    """Those of every scope one may view, newest first."""
    mine = Q(scope__in=("platform", "cluster"))
    for kind in ("team", "project", "application", "environment"):
        mine |= Q(scope=kind, scope_id__in=visible(actor, _ROWS[kind].model.objects.all()).values("pk"))
    return ConfigProposal.objects.filter(mine)


def protected(scope: Scope, keys: Collection[str]) -> list[str]:
    """Which of the keys are declared protected: by the scope, by what is wider, or by what it is wider than."""
    here = {each.key for each in resolved_at(scope).keys if each.protected}
    rows = ConfigChange.objects.filter(key__in=keys).order_by("scope_id", "key", "-version")
    rows = rows.distinct("scope_id", "key").only("scope_id", "key", "after")
    declared = [(each.scope_id, each.key) for each in rows if _protects(each)]
    nearer = _nearer(scope, {scope_id for scope_id, _ in declared})
    return sorted(set(keys) & (here | {key for scope_id, key in declared if scope_id in nearer}))


def _protects(change: ConfigChange) -> bool:
    declaration = Entry.from_json(change.after).declaration
    return declaration is not None and declaration.protected


def _nearer(scope: Scope, ids: set[UUID]) -> set[UUID]:
    """Those of the scopes for which this one is a wider layer."""
    if scope.kind == "platform":
        return ids
    paths = {"team": ("team", "project__team"), "project": (None, "project")}.get(scope.kind, (None, None))
    found: set[UUID] = set()
    for model, path in zip((Project, Application), paths, strict=True):
        if path and ids:
            found |= set(model._default_manager.filter(pk__in=ids, **{path: scope.row}).values_list("pk", flat=True))
    return found


def latest_changes(scope: Scope) -> list[ConfigChange]:
    """The change that made each key what it is, by key; keys that are gone are left out."""
    rows = ConfigChange.objects.filter(scope_id=scope.id).order_by("key", "-version").distinct("key")
    return [each for each in rows if each.after is not None]


_ROWS: dict[str, QuerySet[Any]] = {
    "cluster": Cluster.objects.all(),
    "team": Team.objects.all(),
    "project": Project.objects.select_related("team"),
    "application": Application.objects.select_related("project__team").filter(retired_at=None),
    "environment": Environment.objects.select_related("application__project__team").filter(retired_at=None),
}
_STEPS = {
    "cluster": ("name",),
    "team": ("name",),
    "project": ("name",),
    "application": ("project__name", "name"),
    "environment": ("application__project__name", "application__name", "name"),
}
