"""Why no node takes a pod, in words for people: the scheduler's message, read together with what the pod asks for.

The scheduler says "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). preemption: 0/2
nodes are available: …". What it says of preemption only repeats it, and which taint it was it does not say.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from clusters.health.reading import items, part, text

_KEEPS_AWAY = frozenset({"NoSchedule", "NoExecute"})
_NODES = re.compile(r"0/([0-9]+) nodes are available: (.*?)\.?(?: (?:no new claims|preemption:).*)?", re.DOTALL)
_COUNTED = re.compile(r"([0-9]+) (?:node\(s\) )?(.+)", re.DOTALL)
_NAMED = 3
_SHORT = re.compile(r"Insufficient (\S+)")


def no_node(message: str, pod: dict[str, Any]) -> str:
    """A sentence without its full stop; the scheduler's own words where they are not understood."""
    found = _NODES.fullmatch(message.strip())
    if found is None:
        return f"No node takes the pod: {message}".rstrip(": ")
    nodes, causes = found[1], [_in_words(each, pod) for each in re.split(r", (?=[0-9]+ )", found[2])]
    return f"No node takes the pod: of {nodes} node{'' if nodes == '1' else 's'}, {', '.join(causes)}"


def untolerated(pod: Mapping[str, Any], nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Taints that keep the pod away and where they are; nodes are [{"name", "taints"}] as the probe saw them."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        for taint in items(node, "taints"):
            if taint.get("effect") in _KEEPS_AWAY and not _tolerated(taint, items(pod, "spec", "tolerations")):
                value = f"={taint['value']}" if taint.get("value") else ""
                found.setdefault(f"{taint.get('key')}{value}:{taint['effect']}", []).append(text(node, "name"))
    return [f"{taint} (on {_some(names)})" for taint, names in sorted(found.items())]


def _tolerated(taint: dict[str, Any], tolerations: Iterable[dict[str, Any]]) -> bool:
    return any(
        each.get("effect") in (None, "", taint.get("effect"))
        and each.get("key") in (None, "", taint.get("key"))
        and (each.get("operator") == "Exists" or (each.get("value") or "") == (taint.get("value") or ""))
        for each in tolerations
    )


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _in_words(cause: str, pod: dict[str, Any]) -> str:
    counted = _COUNTED.fullmatch(cause)
    if counted is None:
        return cause
    number, what = counted.groups()
    has, do = ("has", "does") if number == "1" else ("have", "do")
    if short := _SHORT.fullmatch(what):
        asked = _asked(pod, short[1])
        return f"{number} {has} too little {short[1]} left" + (f" (the pod asks for {asked})" if asked else "")
    if what.startswith("had untolerated taint"):
        return f"{number} {has} a taint that the pod does not tolerate"
    if what.startswith("didn't match Pod's node affinity/selector"):
        return f"{number} {do} not match the pod's node selector{_selector(pod)}"
    return cause


def _asked(pod: dict[str, Any], resource: str) -> str:
    requests = (text(each, "resources", "requests", resource) for each in items(pod, "spec", "containers"))
    return " + ".join(filter(None, requests))


def _selector(pod: dict[str, Any]) -> str:
    labels = ", ".join(f"{key}={value}" for key, value in sorted(part(pod, "spec", "nodeSelector").items()))
    affinity = "its node affinity" if part(pod, "spec", "affinity", "nodeAffinity") else ""
    return f" ({' and '.join(filter(None, (labels, affinity)))})" if labels or affinity else ""
