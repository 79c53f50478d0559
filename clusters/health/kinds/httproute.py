"""HTTPRoute: accepted by each parent it names, with backends that resolve. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import condition_in, items, part, text
from clusters.health.routing import settled
from clusters.health.verdict import Verdict, healthy, progressing, worst

KIND = ("gateway.networking.k8s.io", "HTTPRoute")


def assess(body: dict[str, Any]) -> Verdict:
    parents = items(body, "spec", "parentRefs")
    verdicts = [_of_parent(body, parent) for parent in parents]
    if not verdicts:
        return healthy("NoParents", "The route is attached to nothing")
    return worst(verdicts)


def _of_parent(body: dict[str, Any], parent: dict[str, Any]) -> Verdict:
    name = f"{text(parent, 'kind') or 'Gateway'} {text(parent, 'name')}"
    statuses = [
        status
        for status in items(body, "status", "parents")
        if _key(part(status, "parentRef"), body) == _key(parent, body)
    ]
    if not statuses:
        return progressing("NoController", f"No controller has answered for {name}")
    found = [
        settled(condition_in(status, kind), kind, body, name)
        for status in statuses
        for kind in ("Accepted", "ResolvedRefs")
    ]
    bad = [verdict for verdict in found if verdict]
    return worst(bad) if bad else healthy("Accepted", f"{name} accepted the route")


def _key(parent: dict[str, Any], route: dict[str, Any]) -> tuple[Any, ...]:
    """A parent with its defaults filled in: controllers differ in whether they write them."""
    return (
        parent.get("group", "gateway.networking.k8s.io"),
        parent.get("kind") or "Gateway",
        parent.get("namespace") or text(route, "metadata", "namespace"),
        parent.get("name"),
        parent.get("sectionName"),
        parent.get("port"),
    )
