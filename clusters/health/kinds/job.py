"""Job: Healthy when it is complete, since what waits for a Job waits for its result. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import condition, count, part, text
from clusters.health.verdict import Verdict, degraded, healthy, progressing, suspended

KIND = ("batch", "Job")


def assess(body: dict[str, Any]) -> Verdict:
    for kind in ("Failed", "FailureTarget"):
        failed = condition(body, kind)
        if failed.get("status") == "True":
            return degraded(text(failed, "reason") or "JobFailed", text(failed, "message"))
    if condition(body, "Complete").get("status") == "True":
        return healthy("Completed", f"{count(body, 'status', 'succeeded')} pods succeeded")
    if part(body, "spec").get("suspend") is True or condition(body, "Suspended").get("status") == "True":
        return suspended("Suspended", "The Job is suspended")
    if not text(body, "status", "startTime"):
        return progressing("NotStarted", "The Job has not started")
    active, failures = count(body, "status", "active"), count(body, "status", "failed")
    return progressing("Running", f"{active} pods run" + (f", {failures} failed" if failures else ""))
