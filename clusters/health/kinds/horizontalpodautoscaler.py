"""HorizontalPodAutoscaler: whether it can scale and whether it has metrics. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import condition, count, text
from clusters.health.verdict import Verdict, degraded, healthy, progressing, suspended

KIND = ("autoscaling", "HorizontalPodAutoscaler")
_NOT_THERE_YET = "FailedGet"


def assess(body: dict[str, Any]) -> Verdict:
    able, active = condition(body, "AbleToScale"), condition(body, "ScalingActive")
    if able.get("status") == "False":
        return degraded(text(able, "reason") or "NotAbleToScale", text(able, "message"))
    if active.get("status") == "False":
        return _inactive(text(active, "reason") or "ScalingInactive", text(active, "message"))
    if not able or not active:
        return progressing("NoConditions", "The autoscaler has not looked at its target yet")
    current, most = count(body, "status", "currentReplicas"), count(body, "spec", "maxReplicas")
    return healthy("ScalingActive", f"{current} replicas, at most {most}")


def _inactive(reason: str, message: str) -> Verdict:
    if reason == "ScalingDisabled":
        return suspended(reason, message)
    # Metrics of new pods come a scrape or two later, and nothing in the object tells a late one from a lost one.
    if reason.startswith(_NOT_THERE_YET):
        return progressing(reason, message)
    return degraded(reason, message)
