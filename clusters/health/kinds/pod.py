"""Pod: Ready, done, or the reason why not, in words for people. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.pods import why_not_ready
from clusters.health.reading import condition, text
from clusters.health.verdict import Verdict, healthy

KIND = ("", "Pod")


def assess(body: dict[str, Any]) -> Verdict:
    phase = text(body, "status", "phase")
    if phase == "Succeeded":
        return healthy("Completed", "The pod ran to its end")
    if phase == "Running" and condition(body, "Ready").get("status") == "True":
        return healthy("Ready")
    return why_not_ready(body)
