"""What an application is made of, as a tree for people: environment, cluster, object, pod. Pure.

An environment: {"environment", "clusters": [{"cluster", "health", "objects": [{"id", "health", "reason", "message",
"leads_to", "bound_to", "images", "pods": {"total", "items": [{"name", "image", "node", "phase", "health", "reason",
"message", "ready", "containers", "restarts", "created_at"}]}}]}]}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.text import Text
from rich.tree import Tree

from paas.cli.output import COLOURS

Part = dict[str, Any]
KINDS = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "Ingress", "Service")
"""In this order; a workload follows them, and of the rest only what is not well is told."""


def tree(name: str, environments: Sequence[Part], now: datetime | None = None) -> Tree:
    """Lines for people."""
    root = Tree(Text(name, style="bold"), guide_style="dim")
    for environment in environments:
        branch = root.add(Text(str(environment["environment"])))
        for cluster in environment["clusters"]:
            here = branch.add(_line(cluster["cluster"], cluster["health"]))
            objects = {each["id"]: each for each in cluster["objects"]}
            led_to = {oid for each in objects.values() for oid in each["leads_to"]}
            for oid in sorted(objects.keys() - led_to, key=lambda oid: (_rank(objects[oid]), oid)):
                if _shown(objects[oid]):
                    _add(here, objects[oid], objects, now or datetime.now(UTC))
    return root


def names(environments: Sequence[Part]) -> Iterator[str]:
    """Every pod, as "environment/cluster/name"."""
    for environment in environments:
        for cluster in environment["clusters"]:
            for each in cluster["objects"]:
                for pod in (each["pods"] or {}).get("items", ()):
                    yield f"{environment['environment']}/{cluster['cluster']}/{pod['name']}"


def _add(above: Tree, each: Part, objects: Mapping[str, Part], now: datetime) -> None:
    _, kind, _, name = each["id"].split("/")
    branch = above.add(_line(f"{kind}/{name}", each["health"], _why(each)))
    for oid in each["leads_to"]:
        if oid in objects:
            _add(branch, objects[oid], objects, now)
    pods = each["pods"] or {"total": 0, "items": []}
    for pod in pods["items"]:
        branch.add(_line(f"pod/{pod['name']}", pod["health"], ", ".join(_facts(pod, now))))
    if left := pods["total"] - len(pods["items"]):
        branch.add(Text(f"and {left} more pods", style="dim"))


def _facts(pod: Part, now: datetime) -> Iterator[str]:
    if pod["health"] != "Healthy":
        yield _why(pod)
    yield f"{pod['ready']}/{pod['containers']} ready"
    if pod["restarts"]:
        yield f"{pod['restarts']} restart{'' if pod['restarts'] == 1 else 's'}"
    yield pod["image"]
    if pod["node"]:
        yield f"on {pod['node']}"
    if pod["created_at"]:
        yield _age(now - datetime.fromisoformat(pod["created_at"]))


def _age(lived: Any) -> str:
    seconds = int(lived.total_seconds())
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word}"
    return f"{max(0, seconds)} s"


def _rank(each: Part) -> int:
    kind = each["id"].split("/")[1]
    return KINDS.index(kind) if kind in KINDS else len(KINDS) + (not each["images"])


def _shown(each: Part) -> bool:
    return bool(_rank(each) <= len(KINDS) or each["pods"] or each["health"] != "Healthy")


def _why(each: Part) -> str:
    if each["health"] == "Healthy":
        return ""
    return " ".join(str(each[key]) for key in ("reason", "message") if each[key])


def _line(name: str, health: str, more: str = "") -> Text:
    text = Text.assemble((name, ""), " ", (health, COLOURS.get(health, "")))
    return text.append(f" {more}", "dim") if more else text
