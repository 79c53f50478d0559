"""The same as `tree`, drawn: for each environment and cluster columns of routes, services, workloads, pods, bindings.

Each column holds a group a kind (of pods, a workload), which can be closed; a node says what it leads to. The lines
between them are drawn by `applications/graph.js` from these words; without it, and on a telephone, they stand alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from apps.admin import tree
from apps.admin.images import short
from apps.admin.tree import Sight
from apps.selectors import Topology
from apps.topology import ROUTES, WORKLOADS
from clusters.admin import badges
from clusters.health import SEVERITY, Health

MOST_NODES = 12  # of one group; the rest is counted, and stands in the table
FEW = 6  # so many of the healthy are shown without being asked for

COLUMNS = (
    gettext_noop("Routes"),
    gettext_noop("Services"),
    gettext_noop("Workloads"),
    gettext_noop("Pods"),
    gettext_noop("Bindings"),
    gettext_noop("Others"),
)
_ROUTE, _SERVICE, _WORKLOAD, _PODS, _BINDING, _OTHER = range(len(COLUMNS))


@dataclass(frozen=True, slots=True)
class Node:
    """One thing. `leads_to` are ids of nodes or groups, `leads` the same in words."""

    id: str
    name: str
    status: SafeString
    tone: str
    detail: str = ""
    title: str = ""
    leads_to: str = ""
    leads: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind, the worst first; `more` says how many are not shown. A group of pods may lead on itself."""

    id: str
    name: str
    count: int
    status: SafeString
    tone: str
    open: bool
    nodes: Sequence[Node]
    more: str = ""
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A layer: what leads to it stands left of it."""

    name: str
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class Picture:
    """An environment on one cluster."""

    id: str
    name: str
    status: SafeString
    columns: Sequence[Column]


@dataclass(slots=True)
class _Drawing:
    """What a picture is made of; `places`: object id → its column."""

    above: str
    sights: Sequence[Sight]
    places: dict[str, int] = field(default_factory=dict)

    def id(self, oid: str) -> str:
        """The id that a thing has on the page."""
        return f"{self.above}-{oid}"


def pictures(status: Mapping[str, Any], found: Topology, now: datetime) -> list[Picture]:
    """Of `selectors.status` and `selectors.topology`."""
    return [
        _picture(environment, cluster, found, now)
        for environment in status["environments"]
        for cluster in environment["clusters"]
    ]


def _picture(environment: Mapping[str, Any], cluster: Mapping[str, Any], found: Topology, now: datetime) -> Picture:
    id_ = f"graph-{environment['id']}-{cluster['name']}"
    drawing = _Drawing(id_, [tree.sight_of(work, found, now) for work in cluster["works"]])
    for sight in drawing.sights:
        drawing.places |= _places(sight)
    columns = [
        Column(_(name), _pods(drawing) if place == _PODS else _groups(drawing, place))
        for place, name in enumerate(COLUMNS)
    ]
    return Picture(
        id=id_,
        name=f"{environment['name']} · {cluster['name']}",
        status=badges.health(cluster["health"]).html(),
        columns=[each for each in columns if each.groups],
    )


def _places(sight: Sight) -> dict[str, int]:
    bound = {oid for part in sight.tree.parts.values() for oid in part.bound}
    return {oid: _place(oid, bound) for oid in {**sight.tree.parts, **sight.objects}}


def _place(oid: str, bound: set[str]) -> int:
    kind = oid.split("/")[1]
    if kind in ROUTES:
        return _ROUTE
    if kind == "Service":
        return _SERVICE
    if kind in WORKLOADS:
        return _WORKLOAD
    return _BINDING if oid in bound else _OTHER


def _groups(drawing: _Drawing, place: int) -> list[Group]:
    """Of one column: a group a kind, open where there are few or one is not well."""
    chosen = sorted((oid for oid, at in drawing.places.items() if at == place), key=lambda oid: (_kind(oid), oid))
    made = []
    for kind, oids in groupby(chosen, key=_kind):
        nodes = sorted((_node(drawing, oid) for oid in oids), key=lambda each: -each[0])
        quiet = place == _OTHER or len(nodes) > FEW
        made.append(_group(f"{drawing.above}-{place}-{kind}", kind, nodes, len(nodes), quiet=quiet))
    return made


def _pods(drawing: _Drawing) -> list[Group]:
    """A group a workload; each leads to what its pods are bound to."""
    made = []
    for sight in drawing.sights:
        for oid, there in sorted(sight.pods.items()):
            nodes = [_pod(drawing, oid, each) for each in there.pods]
            bound = [drawing.id(each) for each in sight.tree.parts[oid].bound] if oid in sight.tree.parts else []
            name = oid.rpartition("/")[2]
            id_ = drawing.id(f"{oid}-pods")
            made.append(_group(id_, name, nodes, there.total, quiet=there.total > FEW, leads_to=bound))
    return made


def _group(
    id_: str, name: str, nodes: list[tuple[int, Node]], total: int, *, quiet: bool, leads_to: Iterable[str] = ()
) -> Group:
    worst = max((severity for severity, _ in nodes), default=SEVERITY[Health.UNKNOWN])
    badge = badges.health(next((str(health) for health, at in SEVERITY.items() if at == worst), Health.UNKNOWN))
    left = total - min(len(nodes), MOST_NODES)
    return Group(
        id=id_,
        name=name,
        count=total,
        status=badge.html(),
        tone=badge.tone,
        open=not quiet or worst != SEVERITY[Health.HEALTHY],
        nodes=[node for _, node in nodes[:MOST_NODES]],
        more=ngettext("and %(number)d more", "and %(number)d more", left) % {"number": left} if left else "",
        leads_to=" ".join(leads_to),
    )


def _node(drawing: _Drawing, oid: str) -> tuple[int, Node]:
    sight = next(each for each in drawing.sights if oid in each.objects or oid in each.tree.parts)
    seen, part = sight.objects.get(oid, {}), sight.tree.parts.get(oid)
    health = str(seen.get("health", Health.UNKNOWN))
    badge = badges.health(health)
    next_: list[str] = [*part.below] if part else []
    there = sight.pods.get(oid)
    to = [drawing.id(each) for each in next_]
    if part and there is None:
        next_ += part.bound
        to += [drawing.id(each) for each in part.bound]
    elif there is not None:
        to.append(drawing.id(f"{oid}-pods"))
    return tree.severity(health), Node(
        id=drawing.id(oid),
        name=oid.rpartition("/")[2],
        status=badge.html(),
        tone=badge.tone,
        detail=", ".join(short(each) for each in part.images) if part else "",
        title=tree.why(seen),
        leads_to=" ".join(to),
        leads=", ".join([_name(each) for each in next_] + ([tree.counted(there)] if there else [])),
    )


def _pod(drawing: _Drawing, oid: str, pod: Mapping[str, Any]) -> tuple[int, Node]:
    badge = badges.health(pod["health"])
    return tree.severity(pod["health"]), Node(
        id=drawing.id(f"{oid}-pods-{pod['name']}"),
        name=pod["name"],
        status=badge.html(),
        tone=badge.tone,
        detail=short(pod["image"]),
        title=tree.pod_facts(pod),
    )


def _name(oid: str) -> str:
    return f"{_kind(oid)} {oid.rpartition('/')[2]}"


def _kind(oid: str) -> str:
    return oid.split("/")[1]
