"""DaemonSet: by the nodes it is to run on. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.generic import unseen_generation
from clusters.health.reading import count, part, text
from clusters.health.verdict import Verdict, healthy, progressing

KIND = ("apps", "DaemonSet")
_COUNTS = (
    ("currentNumberScheduled", "LessCurrent", "have the pod"),
    ("updatedNumberScheduled", "LessUpdated", "have the updated pod"),
    ("numberAvailable", "LessAvailable", "have an available pod"),
    ("numberReady", "LessReady", "have a ready pod"),
)


def assess(body: dict[str, Any]) -> Verdict:
    unseen = unseen_generation(body, must_be_there=True)
    if unseen:
        return unseen
    if "desiredNumberScheduled" not in part(body, "status"):
        return progressing("NoDesiredNumber", "The number of nodes is not known yet")
    wanted = count(body, "status", "desiredNumberScheduled")
    waits_for_deletion = text(body, "spec", "updateStrategy", "type") == "OnDelete"
    for field, reason, words in _COUNTS:
        if field == "updatedNumberScheduled" and waits_for_deletion:
            continue
        found = count(body, "status", field)
        if found < wanted:
            return progressing(reason, f"{found} of {wanted} nodes {words}")
    return healthy("Available", f"{wanted} nodes have an available pod")
