"""What an autoscaler says of itself, for people: read off the live object by the loop, kept in the status of its Work.

`Work.reported["Scaling"]` holds one entry for each HorizontalPodAutoscaler and VerticalPodAutoscaler, as of the last
look at the Work. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clusters.health.reading import count, items, part, text
from clusters.manifests import ObjectId

REPORTED = "Scaling"
RESCALED = "SuccessfulRescale"
"""The reason of the events in which a HorizontalPodAutoscaler tells what it decided and why."""
MOST_DECISIONS = 10
MOST_TEXT = 500

Body = Mapping[str, Any]


def sight(live: Body, events: Iterable[Body] = ()) -> dict[str, Any] | None:
    """The entry of an autoscaler, None for any other object; JSON-safe."""
    kind = (str(live.get("apiVersion")).partition("/")[0], live.get("kind"))
    if kind == ("autoscaling", "HorizontalPodAutoscaler"):
        found = _horizontal(live, events)
    elif kind == ("autoscaling.k8s.io", "VerticalPodAutoscaler"):
        found = _vertical(live)
    else:
        return None
    return {"id": str(ObjectId.of(live)), **found, "conditions": [_condition(each) for each in _conditions(live)]}


def scaled_at(live: Body) -> str:
    """When a HorizontalPodAutoscaler changed the number of replicas last, "" if it never did."""
    return text(live, "status", "lastScaleTime") if live.get("kind") == "HorizontalPodAutoscaler" else ""


def _horizontal(live: Body, events: Iterable[Body]) -> dict[str, Any]:
    decided = sorted(
        ({"at": text(each, "lastTimestamp"), "message": _text(each, "message")} for each in events), key=_at
    )
    now = {
        text(each, "resource", "name"): part(each, "resource", "current")
        for each in items(live, "status", "currentMetrics")
    }
    return {
        "current": count(live, "status", "currentReplicas"),
        "desired": count(live, "status", "desiredReplicas"),
        "scaled_at": scaled_at(live),
        "metrics": [
            {
                "name": text(each, "resource", "name"),
                "target": count(each, "resource", "target", "averageUtilization"),
                # None: of no Pod is anything known.
                "current": now.get(text(each, "resource", "name"), {}).get("averageUtilization"),
            }
            for each in items(live, "spec", "metrics")
        ],
        "decisions": decided[::-1][:MOST_DECISIONS],
    }


def _vertical(live: Body) -> dict[str, Any]:
    advice = items(live, "status", "recommendation", "containerRecommendations")
    return {
        "advice": [
            {
                "container": text(each, "containerName"),
                **{ours: _amounts(part(each, theirs)) for ours, theirs in _ADVICE.items()},
            }
            for each in advice
        ]
    }


_ADVICE = {"target": "target", "least": "lowerBound", "most": "upperBound"}


def _amounts(found: Body) -> dict[str, str]:
    return {name: amount for name in ("cpu", "memory") if isinstance(amount := found.get(name), str)}


def _conditions(live: Body) -> list[dict[str, Any]]:
    return items(live, "status", "conditions")


def _condition(found: Body) -> dict[str, str]:
    told = {"type": "type", "status": "status", "reason": "reason", "message": "message", "since": "lastTransitionTime"}
    return {ours: _text(found, theirs) for ours, theirs in told.items()}


def _text(found: Body, name: str) -> str:
    """Controllers write what they like; no database keeps a NUL."""
    return text(found, name).replace("\0", "")[:MOST_TEXT]


def _at(decision: Mapping[str, str]) -> str:
    return decision["at"]
