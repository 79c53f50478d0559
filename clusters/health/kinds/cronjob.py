"""CronJob: Healthy while it is scheduled; Degraded, which nothing waits for, where its last run failed.

Its controller writes `lastScheduleTime` with the run's entry in `active`, and `lastSuccessfulTime` when a run has
completed: one that goes on is not judged, and of runs beside each other the latest success counts. A run that a person
started is no run of the clock, and counts for nothing here. Pure.
"""

from __future__ import annotations

from typing import Any

from clusters.health.reading import items, part, text
from clusters.health.verdict import Health, Verdict, healthy, suspended

KIND = ("batch", "CronJob")


def assess(body: dict[str, Any]) -> Verdict:
    if part(body, "spec").get("suspend") is True:
        return suspended("Suspended", "The schedule is suspended")
    last, succeeded = text(body, "status", "lastScheduleTime"), text(body, "status", "lastSuccessfulTime")
    if not last:
        return healthy("Scheduled", "Not scheduled yet")
    if running := len(items(body, "status", "active")):
        return healthy("Scheduled", f"Last scheduled at {last}, {running} running")
    # Times of an API server are all of one form, in UTC: they compare as text.
    if succeeded < last:
        return _failed(last, succeeded)
    return healthy("Scheduled", f"Last scheduled at {last}, succeeded at {succeeded}")


def _failed(last: str, succeeded: str) -> Verdict:
    since = f"none has succeeded since {succeeded}" if succeeded else "none has succeeded yet"
    message = f"The run of {last} ended without success; {since}"
    return Verdict(Health.DEGRADED, "LastRunFailed", message, awaited=False)
