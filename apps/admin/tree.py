"""The tree of an application as rows for its template: environment, cluster, route, service, workload, pods, the rest.

Each row says its state in a word, an icon and a tone, its image and its age, also while a rollout is under way. Objects
that nothing leads to are gathered by kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.admin.images import short
from apps.models import Release
from apps.selectors import Topology
from apps.topology import Part, Tree
from clusters.admin import badges
from clusters.admin.reasons import explained
from clusters.health import SEVERITY, Health
from clusters.models import WorkloadPods
from paas.core.moments import span

EMPTY = Tree({}, ())


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the tree. `id` stays the same while the thing does, so that what is open stays open."""

    id: str
    depth: int
    name: str
    status: SafeString
    kind: str = ""
    image: str = ""
    image_title: str = ""
    age: str = ""
    age_title: datetime | None = None
    why: str = ""
    open: bool = True
    rows: Sequence[Row] = field(default=())


@dataclass(frozen=True, slots=True)
class Sight:
    """What the rows of one Work are made of."""

    tree: Tree
    objects: Mapping[str, Mapping[str, Any]]
    since: Mapping[str, datetime]
    pods: Mapping[str, WorkloadPods]
    now: datetime
    before: Release | None = None


def rows(
    status: Mapping[str, Any], found: Topology, releases: Mapping[str, Sequence[Release]], now: datetime
) -> list[Row]:
    """One row an environment, of `selectors.status` and `selectors.topology`; `releases` are those of each environment,
    newest first.
    """
    return [_environment(each, found, releases.get(each["id"], ()), now) for each in status["environments"]]


def _environment(environment: Mapping[str, Any], found: Topology, releases: Sequence[Release], now: datetime) -> Row:
    current = next((each for each in releases if each.number == environment["release"]), None)
    before = next((each for each in releases if current and each.number == current.number - 1), None)
    id_ = f"tree-{environment['id']}"
    ready = next((each for each in environment["conditions"] if each["type"] == "Ready"), None)
    unwell = in_words(ready["reason"], ready["message"]) if ready and ready["status"] != "True" else ""
    return Row(
        id=id_,
        depth=0,
        kind=_("environment"),
        name=environment["name"],
        status=badges.health(environment["health"]).html(),
        image=short(environment["image"] or ""),
        image_title=environment["image"] or "",
        age=_age(current.created_at if current else None, now),
        age_title=current.created_at if current else None,
        why=" ".join(filter(None, (f"r{current.number}" if current else "", unwell))),
        rows=[_cluster(id_, each, found, now, before) for each in environment["clusters"]],
    )


def _cluster(above: str, cluster: Mapping[str, Any], found: Topology, now: datetime, before: Release | None) -> Row:
    id_ = f"{above}-{cluster['name']}"
    below: list[Row] = []
    for work in cluster["works"]:
        below += _work(f"{id_}-{work['name']}", sight_of(work, found, now, before))
    return Row(
        id=id_,
        depth=1,
        kind=_("cluster"),
        name=cluster["name"],
        status=badges.health(cluster["health"]).html(),
        why="\n".join(in_words(each["reason"], each["message"]) for each in cluster["conditions"]),
        open=cluster["health"] != Health.HEALTHY or bool(cluster["conditions"]),
        rows=sorted(below, key=lambda row: row.kind == _("objects")),
    )


def sight_of(work: Mapping[str, Any], found: Topology, now: datetime, before: Release | None = None) -> Sight:
    """Of a Work as `selectors.status` tells it."""
    id_ = work["id"]
    return Sight(
        tree=found.trees.get(id_, EMPTY),
        objects={each["oid"]: each for each in work["objects"]},
        since={oid: at for (owner, oid), at in found.since.items() if owner == id_},
        pods={oid: each for (owner, oid), each in found.pods.items() if owner == id_},
        now=now,
        before=before,
    )


def _work(above: str, sight: Sight) -> Iterator[Row]:
    for oid in sight.tree.tops:
        yield _object(above, oid, sight, depth=2)
    stray = sorted({*sight.objects} - {*sight.tree.parts})
    for kind, oids in groupby(sorted([*sight.tree.rest, *stray], key=_kind), key=_kind):
        yield _gathered(above, kind, list(oids), sight)


def _object(above: str, oid: str, sight: Sight, *, depth: int) -> Row:
    part = sight.tree.parts.get(oid, Part(oid))
    seen = sight.objects.get(oid, {})
    health = seen.get("health", Health.UNKNOWN)
    id_ = f"{above}-{oid}"
    below = [_object(id_, each, sight, depth=depth + 1) for each in part.below]
    if oid in sight.pods or (part.images and part.replicas is not None):
        below.append(_pods(id_, part, seen, sight, sight.pods.get(oid), depth=depth + 1))
    return Row(
        id=id_,
        depth=depth,
        kind=_kind(oid),
        name=oid.rpartition("/")[2],
        status=badges.health(health).html(),
        image=", ".join(short(each) for each in part.images),
        image_title=", ".join(part.images),
        age=_age(sight.since.get(oid), sight.now),
        age_title=sight.since.get(oid),
        why=why(seen),
        rows=below,
    )


def _pods(
    above: str, part: Part, seen: Mapping[str, Any], sight: Sight, there: WorkloadPods | None, *, depth: int
) -> Row:
    """The pods of a workload under one line; while they are being exchanged, with the image they had before."""
    health = seen.get("health", Health.UNKNOWN)
    images = [short(each) for each in part.images]
    before = sight.before
    if before is not None and health == Health.PROGRESSING and short(before.image) not in images:
        images.insert(0, f"{short(before.image)} →")
    id_ = f"{above}-pods"
    below = [_pod(id_, each, sight.now, depth=depth + 1) for each in there.pods] if there else []
    return Row(
        id=id_,
        depth=depth,
        kind=_("pods"),
        name=counted(there) if there else _wanted(part.replicas or 0),
        status=badges.health(health).html(),
        image=" ".join(images),
        image_title=", ".join(part.images),
        why=" ".join(filter(None, (str(seen.get("message") or ""), _more(there) if there else ""))),
        open=health != Health.HEALTHY,
        rows=below,
    )


def _wanted(count: int) -> str:
    return ngettext("%(number)d pod wanted", "%(number)d pods wanted", count) % {"number": count}


def counted(there: WorkloadPods) -> str:
    """How many pods there are of a workload."""
    return ngettext("%(number)d pod", "%(number)d pods", there.total) % {"number": there.total}


def _more(there: WorkloadPods) -> str:
    left = there.total - len(there.pods)
    return ngettext("and %(number)d more", "and %(number)d more", left) % {"number": left} if left else ""


def _pod(above: str, pod: Mapping[str, Any], now: datetime, *, depth: int) -> Row:
    since = datetime.fromisoformat(pod["created_at"]) if pod["created_at"] else None
    return Row(
        id=f"{above}-{pod['name']}",
        depth=depth,
        kind=_("pod"),
        name=pod["name"],
        status=badges.health(pod["health"]).html(),
        image=short(pod["image"]),
        image_title=pod["image"],
        age=_age(since, now),
        age_title=since,
        why=pod_facts(pod),
    )


def pod_facts(pod: Mapping[str, Any]) -> str:
    """Its phase, containers, restarts and node, and why it is not well where it is not."""
    said = [pod["phase"], _("%(ready)d/%(all)d ready") % {"ready": pod["ready"], "all": pod["containers"]}]
    if pod["restarts"]:
        said.append(
            ngettext("%(number)d restart", "%(number)d restarts", pod["restarts"]) % {"number": pod["restarts"]}
        )
    if pod["node"]:
        said.append(_("on %(node)s") % {"node": pod["node"]})
    facts = ", ".join(said)
    return facts if pod["health"] == Health.HEALTHY else f"{why(pod)}\n{facts}"


def _gathered(above: str, kind: str, oids: Sequence[str], sight: Sight) -> Row:
    """Objects of one kind under one line, open where one of them is not well."""
    below = [_object(f"{above}-{kind}", oid, sight, depth=3) for oid in sorted(oids)]
    healths = [sight.objects.get(oid, {}).get("health", Health.UNKNOWN) for oid in oids]
    worst = max(healths, key=severity)
    return Row(
        id=f"{above}-{kind}",
        depth=2,
        kind=_("objects"),
        name=f"{kind} ({len(oids)})",
        status=badges.health(worst).html(),
        open=worst != Health.HEALTHY and len(oids) > 1,
        rows=below,
    )


def why(seen: Mapping[str, Any]) -> str:
    """Of an object or a pod: reason and message, the message alone where it is well."""
    if not seen:
        return _("Not written yet.")
    if seen["health"] == Health.HEALTHY:
        return str(seen["message"])
    return in_words(str(seen["reason"]), str(seen["message"]))


def in_words(reason: str, message: str) -> str:
    """The reason and what it means in the reader's language; beneath it the message as it came."""
    word, sentence = _(badges.spaced(reason)) if reason else "", explained(reason)
    if not sentence:
        return ": ".join(filter(None, (word, message)))
    return "\n".join(filter(None, (f"{word}: {sentence}", message)))


def _kind(oid: str) -> str:
    return oid.split("/")[1]


def severity(health: str) -> int:
    """The worse the higher."""
    return SEVERITY[Health(health)] if health in set(Health) else len(SEVERITY)


def _age(since: datetime | None, now: datetime) -> str:
    return span((now - since).total_seconds()) if since else ""
