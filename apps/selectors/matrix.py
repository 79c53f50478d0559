"""The configuration of several environments side by side: a row a key, a cell an environment; and the same of secrets.

Made of `effective.explained_each` and of the rows of secrets, whose values are not read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.config import Effective, Fault
from apps.models import ConfigProposal, Environment, Release, SecretVersion
from apps.selectors.config import Scope, lineage, proposals_of, resolved_at
from apps.selectors.effective import explained_each
from paas.core.permissions import Actor, visible

Faults = dict[str, list[tuple[str, str]]]
"""(code, message) by key."""
_UNSET: dict[str, Any] = {"value": None, "released": None, "source": None, "hides": [], "set_by_blocks": []}


@dataclass(frozen=True)
class Value:
    """What a key comes to on `clusters` ("" where an environment is on none).

    `layer` and `of` set it, "" where none does, and `hides` the value of a wider layer. `released` is what runs where
    `waits` says that this is something else. `faults` are (code, message).
    """

    clusters: tuple[str, ...]
    value: str | None
    layer: str = ""
    of: str = ""
    hides: str = ""
    waits: bool = False
    released: str | None = None
    blocks: tuple[str, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> tuple[str | None, bool]:
        """What is compared between two environments."""
        return self.value, bool(self.faults)


@dataclass(frozen=True)
class Row:
    """A key: what is declared of it, and its values by column."""

    key: str
    kind: str
    required: bool
    protected: bool
    description: str
    cells: Mapping[UUID, tuple[Value, ...]]

    def differs(self, one: UUID, other: UUID) -> bool:
        """Whether two columns have other values."""
        here, there = ({each.text for each in self.cells.get(column, ())} for column in (one, other))
        return here != there


@dataclass(frozen=True)
class SecretCell:
    """A secret in one environment: its latest version in force (None: all were revoked), and what is released."""

    latest: SecretVersion | None
    released: int | None
    revoked: bool

    @property
    def waits(self) -> bool:
        """Whether the release runs with another version than the next one will."""
        return self.latest is not None and self.released is not None and self.latest.version != self.released


@dataclass(frozen=True)
class SecretRow:
    """A secret by name."""

    name: str
    cells: Mapping[UUID, SecretCell]

    def differs(self, one: UUID, other: UUID) -> bool:
        """Whether one of two environments has it and the other has not, or it has other keys."""
        here, there = (self._keys(column) for column in (one, other))
        return here != there

    def _keys(self, column: UUID) -> list[str] | None:
        cell = self.cells.get(column)
        return cell.latest.keys if cell and cell.latest else None


def environments_below(actor: Actor, scope: Scope, part: str = "") -> QuerySet[Environment]:
    """The living environments for which the scope is a layer, those with `part` in their own name or their
    application's; none for the platform and clusters, which reach everywhere.
    """
    path = {"team": "application__project__team", "project": "application__project", "application": "application"}
    found = visible(actor, Environment.objects.filter(retired_at=None).select_related("application__project__team"))
    if scope.kind in ("platform", "cluster"):
        return found.none()
    found = found.filter(**{path.get(scope.kind, "pk"): scope.id}).order_by("application__name", "name")
    return found.filter(Q(name__icontains=part) | Q(application__name__icontains=part)) if part else found


def matrix(scope: Scope, environments: Collection[Environment]) -> list[Row]:
    """Every key that is set, declared or released at the scope itself (its column is `scope.id`) or in one of the
    environments, by name.
    """
    cells: dict[str, dict[UUID, tuple[Value, ...]]] = {}
    declared: dict[str, list[Mapping[str, Any]]] = {}
    if scope.kind != "environment":
        here = resolved_at(scope)
        for about in here.keys:
            cells.setdefault(about.key, {})[scope.id] = (_at_scope(about, here.faults),)
            declared[about.key] = [each.declaration.to_json() for each in about.declared]
    running = {each.pk for each in environments if each.current_release_id}
    for pk, by_cluster in explained_each(environments).items():
        known = {about["key"]: about["declared"] for there in by_cluster for about in there["keys"]}
        for there in by_cluster:
            said = {about["key"]: about for about in there["keys"]}
            faults = _faults(there["faults"])
            for key in known:
                value = _in_environment(there["cluster"], key, said.get(key, _UNSET), faults, runs=pk in running)
                columns = cells.setdefault(key, {})
                columns[pk] = _with(columns.get(pk, ()), value)
        for key, about in known.items():
            declared.setdefault(key, about)
    return [_row(key, cells[key], declared.get(key, [])) for key in sorted(cells)]


def secret_matrix(environments: Collection[Environment]) -> list[SecretRow]:
    """Every secret that is stored for one of the environments or that its release uses."""
    stored: dict[tuple[UUID, str], list[SecretVersion]] = {}
    rows = SecretVersion.objects.filter(environment__in=environments).select_related("created_by").defer("values")
    for each in rows.order_by("name", "-version"):
        stored.setdefault((each.environment_id, each.name), []).append(each)
    current = [each.current_release_id for each in environments if each.current_release_id]
    pinned = Release.objects.filter(pk__in=current).values_list("environment_id", "secrets")
    used = {(pk, name): int(version) for pk, secrets in pinned for name, version in secrets.items()}
    cells: dict[str, dict[UUID, SecretCell]] = {}
    for pk, name in {*stored, *used}:
        versions, released = stored.get((pk, name), []), used.get((pk, name))
        in_force = {each.version: each for each in versions if each.revoked_at is None}
        revoked = (released is not None and released not in in_force) or not in_force
        cells.setdefault(name, {})[pk] = SecretCell(next(iter(in_force.values()), None), released, revoked)
    return [SecretRow(name, cells[name]) for name in sorted(cells)]


def waiting(actor: Actor, scope: Scope, environments: Iterable[Environment]) -> list[ConfigProposal]:
    """Proposals that wait for a second person: at the scope, at what is wider and what is nearer; at the platform all
    that one may view.
    """
    found = proposals_of(actor).filter(state=ConfigProposal.State.OPEN)
    if scope.kind == "platform":
        return list(found)
    ids = {each.id for each in lineage(scope)}
    for each in environments:
        ids |= {each.pk, each.application_id, each.application.project_id}
    return list(found.filter(scope_id__in=ids))


def _at_scope(about: Effective, faults: Iterable[Fault]) -> Value:
    source = about.source
    found = tuple((each.code, each.message) for each in faults if each.key == about.key)
    hides = _place(vars(about.hides[0])) if about.hides else ""
    layer, of = (source.layer, source.of) if source else ("", "")
    return Value(("",), about.value, layer, of, hides, faults=found)


def _in_environment(cluster: str | None, key: str, about: Mapping[str, Any], faults: Faults, *, runs: bool) -> Value:
    source = about["source"] or {"layer": "", "of": ""}
    return Value(
        clusters=(cluster or "",),
        value=about["value"],
        layer=source["layer"],
        of=source["of"],
        hides=_place(about["hides"][0]) if about["hides"] else "",
        waits=runs and cluster is not None and about["released"] != about["value"],
        released=about["released"],
        blocks=tuple(f"{each['block']} ({each['process']})" for each in about["set_by_blocks"]),
        faults=tuple(faults.get(key, ())),
    )


def _place(source: Mapping[str, str]) -> str:
    return "/".join(filter(None, (source["layer"], source["of"])))


def _with(values: tuple[Value, ...], more: Value) -> tuple[Value, ...]:
    """The values with one more; clusters that have the same share one."""
    for place, each in enumerate(values):
        if replace(each, clusters=()) == replace(more, clusters=()):
            merged = replace(each, clusters=each.clusters + more.clusters)
            return (*values[:place], merged, *values[place + 1 :])
    return (*values, more)


def _faults(said: Iterable[Mapping[str, str]]) -> Faults:
    found: Faults = {}
    for each in said:
        found.setdefault(each["key"], []).append((each["code"], each["message"]))
    return found


def _row(key: str, cells: Mapping[UUID, tuple[Value, ...]], declared: Iterable[Mapping[str, Any]]) -> Row:
    said = list(declared)
    kinds = [" | ".join(each["choices"]) or each["type"] for each in said]
    return Row(
        key=key,
        kind=", ".join(dict.fromkeys(kinds)),
        required=any(each["required"] for each in said),
        protected=any(each["protected"] for each in said),
        description=" ".join(filter(None, (each["description"] for each in said))),
        cells=cells,
    )
