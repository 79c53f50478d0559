"""The fleet at a glance: a tile for each cluster, the same as a table, and what the fleet is like as a whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from clusters import selectors
from clusters.admin import badges
from clusters.admin.badges import BAD, GOOD, PLAIN, WARN, Badge
from clusters.conditions import REACHABLE
from clusters.models import Cluster
from paas.core.conditions import get_condition
from paas.core.permissions import Actor

MOST = 500
_MINOR = re.compile(r"v?([0-9]+)\.([0-9]+)")

STATES = {
    "ill": gettext_noop("With trouble"),
    "silent": gettext_noop("Not answering"),
    "cordoned": gettext_noop("Cordoned"),
    "suspended": gettext_noop("Suspended"),
    "leaving": gettext_noop("Leaving"),
}
"""By what the fleet is narrowed: word in the address → word on the page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person looks for: words in name, server or labels, a state, a minor version."""

    text: str = ""
    state: str = ""
    version: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """From the address; what makes no sense narrows nothing."""
        state = query.get("state", "")
        text = query.get("q", "").replace("\0", "").strip()[:100]
        return cls(text, state if state in STATES else "", query.get("version", "")[:20])


@dataclass(frozen=True, slots=True)
class Tile:
    """One cluster: texts, numbers, and badges as HTML."""

    id: str
    name: str
    href: str
    labels: str
    states: Sequence[SafeString]
    reach: SafeString
    nodes: SafeString
    version: SafeString
    skew: SafeString
    capacity: Sequence[Mapping[str, Any]]
    credential: SafeString
    certificate: SafeString
    seen: str
    works: str
    troubles: Sequence[tuple[SafeString | str, str]]


def context(actor: Actor, asked: Asked, now: datetime) -> dict[str, Any]:
    """{"tiles", "summary", "versions", "total"}: three queries, however many clusters there are."""
    fleet = list(selectors.with_dates(selectors.fleet(actor)).order_by("name")[:MOST])
    newest = max((minor for each in fleet if (minor := _minor(_version(each)))), default=None)
    shown = [each for each in fleet if _matches(each, asked)]
    return {
        "tiles": [tile(each, newest, now) for each in shown],
        "summary": summary(fleet),
        "versions": sorted({_told(minor) for each in fleet if (minor := _minor(_version(each)))}, reverse=True),
        "total": len(fleet),
    }


def tile(cluster: Cluster, newest: tuple[int, int] | None, now: datetime) -> Tile:
    """Of a cluster that was read as `selectors.fleet`, with dates."""
    credential, certificate = badges.ends(cluster, now)
    return Tile(
        id=str(cluster.pk),
        name=cluster.name,
        href=reverse("admin:clusters_cluster_change", args=[cluster.pk]),
        labels=", ".join(f"{key}={value}" for key, value in sorted(cluster.labels.items())),
        states=[each.html() for each in _states(cluster)],
        reach=badges.reach(cluster).html(),
        nodes=nodes(cluster).html(),
        version=badges.version(cluster).html(),
        skew=_skew(cluster, newest),
        capacity=capacity(cluster),
        credential=credential.html(),
        certificate=certificate.html(),
        seen=badges.seen(cluster, now),
        works=_works(cluster),
        troubles=_troubles(cluster),
    )


def together(shown: Sequence[Badge]) -> SafeString:
    """Badges beside each other."""
    return format_html_join(" ", "{}", ((badge.html(),) for badge in shown))


def nodes(cluster: Cluster) -> Badge:
    """Ready of all."""
    found = cluster.facts.get("nodes") or []
    if not found:
        return Badge(gettext_noop("Unknown"), PLAIN)
    ready = sum(node["ready"] for node in found)
    return Badge(f"{ready}/{len(found)}", GOOD if ready == len(found) else WARN if ready else BAD)


def capacity(cluster: Cluster) -> list[dict[str, Any]]:
    """[{"name", "text", "percent"}] of CPU, memory and pods: what ready nodes offer, of all there is."""
    whole, free = cluster.facts.get("capacity"), cluster.facts.get("allocatable")
    if not whole or not free:
        return []
    cores, size = (f"{each['cpu_millicores'] / 1000:g}" for each in (free, whole))
    memory, all_ = (f"{each['memory_bytes'] / 2**30:.0f}" for each in (free, whole))
    rows = [
        (_("CPU"), _("%(part)s/%(all)s cores") % {"part": cores, "all": size}, "cpu_millicores"),
        (_("Memory"), f"{memory}/{all_} GiB", "memory_bytes"),
        (_("Pods"), _("%(part)s/%(all)s pods") % {"part": free.get("pods", 0), "all": whole.get("pods", 0)}, "pods"),
    ]
    return [
        {"name": name, "text": text, "percent": round(100 * free.get(key, 0) / (whole.get(key) or 1))}
        for name, text, key in rows
    ]


def summary(fleet: Sequence[Cluster]) -> list[str]:
    """The fleet in a few words: how many answer, how many have trouble, which versions, and how far they are apart."""
    answering = sum(_answers(each) for each in fleet)
    ill = sum(bool(badges.troubles(each)) or not _answers(each) for each in fleet)
    minors = Counter(minor for each in fleet if (minor := _minor(_version(each))))
    versions = ", ".join(f"{_told(minor)} × {minors[minor]}" for minor in sorted(minors, reverse=True))
    said = [
        ngettext("%(number)d cluster", "%(number)d clusters", len(fleet)) % {"number": len(fleet)},
        _("%(number)d answering") % {"number": answering},
        _("%(number)d with trouble") % {"number": ill},
        versions,
    ]
    if len(minors) > 1:
        apart = max(minors)[1] - min(minors)[1]
        said.append(ngettext("%(number)d minor apart", "%(number)d minors apart", apart) % {"number": apart})
    return [each for each in said if each]


def _skew(cluster: Cluster, newest: tuple[int, int] | None) -> SafeString:
    """How far the API server is behind the newest of the fleet, and its kubelets behind it."""
    minor = _minor(_version(cluster))
    if minor is None:
        return together([])
    said = []
    behind = newest[1] - minor[1] if newest and newest[0] == minor[0] else 0
    if behind:
        said.append(ngettext("%(number)d minor behind", "%(number)d minors behind", behind) % {"number": behind})
    kubelets = {found for node in cluster.facts.get("nodes") or [] if (found := _minor(str(node.get("version"))))}
    if others := sorted(kubelets - {minor}):
        said.append(_("kubelets %(versions)s") % {"versions": ", ".join(map(_told, others))})
    return together([Badge(each, WARN, "difference") for each in said])


def _states(cluster: Cluster) -> list[Badge]:
    """What people set; a good word where nothing is wrong either."""
    fine = not badges.troubles(cluster)
    return badges.states(cluster) or ([Badge(gettext_noop("In use"), GOOD)] if fine else [])


def _troubles(cluster: Cluster) -> list[tuple[SafeString | str, str]]:
    """What is wrong, each with its sentence; whether it answers has a badge of its own."""
    reach = badges.reach(cluster)
    silent: list[tuple[SafeString | str, str]] = [("", reach.title)] if reach.tone == BAD and reach.title else []
    return [*silent, *((each.html(), each.title) for each in badges.troubles(cluster))]


def _works(cluster: Cluster) -> str:
    count, ill = getattr(cluster, "works_count", 0), getattr(cluster, "works_ill", 0)
    said = ngettext("%(number)d Work", "%(number)d Works", count) % {"number": count}
    return ", ".join([said, _("%(number)d not healthy") % {"number": ill}]) if ill else said


def _matches(cluster: Cluster, asked: Asked) -> bool:
    text = " ".join((cluster.name, cluster.server, *(f"{key}={value}" for key, value in cluster.labels.items())))
    if any(word not in text.lower() for word in asked.text.lower().split()):
        return False
    minor = _minor(_version(cluster))
    if asked.version and (minor is None or _told(minor) != asked.version):
        return False
    return not asked.state or _STATE[asked.state](cluster)


def _answers(cluster: Cluster) -> bool:
    said = get_condition(cluster.conditions, REACHABLE)
    return said is not None and said["status"] == "True"


_STATE: Mapping[str, Callable[[Cluster], bool]] = {
    "ill": lambda cluster: bool(badges.troubles(cluster)) or not _answers(cluster),
    "silent": lambda cluster: not _answers(cluster),
    "cordoned": lambda cluster: cluster.cordoned,
    "suspended": lambda cluster: cluster.suspended,
    "leaving": lambda cluster: cluster.leaving,
}


def _version(cluster: Cluster) -> str:
    return str(cluster.facts.get("version") or "")


def _minor(version: str) -> tuple[int, int] | None:
    matched = _MINOR.match(version)
    return (int(matched[1]), int(matched[2])) if matched else None


def _told(minor: tuple[int, int]) -> str:
    return f"v{minor[0]}.{minor[1]}"


def found(actor: Actor, term: str, most: int) -> QuerySet[Cluster]:
    """Clusters whose name or server has the term in it, for the palette."""
    clusters = selectors.clusters_of(actor).filter(Q(name__icontains=term) | Q(server__icontains=term))
    return clusters.only("name", "server").order_by("name")[:most]
