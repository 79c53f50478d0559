"""CronJob: Healthy while it is scheduled; how its runs went is told by their Jobs. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import items, part, text
from clusters.health.verdict import Verdict, healthy, suspended

KIND = ("batch", "CronJob")


def assess(body: dict[str, Any]) -> Verdict:
    if part(body, "spec").get("suspend") is True:
        return suspended("Suspended", "The schedule is suspended")
    last = text(body, "status", "lastScheduleTime")
    running = len(items(body, "status", "active"))
    message = f"Last scheduled at {last}" if last else "Not scheduled yet"
    return healthy("Scheduled", message + (f", {running} running" if running else ""))
