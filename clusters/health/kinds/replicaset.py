"""ReplicaSet: by replicas and the condition ReplicaFailure. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.generic import unseen_generation
from clusters.health.reading import condition, count, text
from clusters.health.verdict import Verdict, degraded, healthy, progressing

KIND = ("apps", "ReplicaSet")
_COUNTS = (
    ("replicas", "LessReplicas", "exist"),
    ("availableReplicas", "LessAvailable", "are available"),
    ("readyReplicas", "LessReady", "are ready"),
)


def assess(body: dict[str, Any]) -> Verdict:
    unseen = unseen_generation(body, must_be_there=True)
    if unseen:
        return unseen
    failure = condition(body, "ReplicaFailure")
    if failure.get("status") == "True":
        return degraded(text(failure, "reason") or "ReplicaFailure", text(failure, "message"))
    wanted = count(body, "spec", "replicas", default=1)
    for field, reason, words in _COUNTS:
        found = count(body, "status", field)
        if found < wanted:
            return progressing(reason, f"{found} of {wanted} replicas {words}")
    extra = count(body, "status", "replicas") - wanted
    if extra:
        return progressing("ExtraPods", f"{extra} replicas are to go")
    return healthy("Available", f"{wanted} replicas are available")
