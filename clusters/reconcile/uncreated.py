"""Why a controller makes no pods: what the API server refuses it, as the workload's condition or its events tell.

A Deployment and a ReplicaSet have a condition for it; of the other kinds only events tell, and an event counts as long
as no pod was made after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from clusters.faults import ApiRefused
from clusters.health import Health, Verdict
from clusters.health.reading import text
from clusters.reconcile.refusals import reason_in
from clusters.reconcile.wire import Wire

FAILED = "FailedCreate"
_TOO_FEW = frozenset({"LessReplicas", "LessCurrent", "NotStarted", "Running"})

Body = Mapping[str, Any]


async def with_refusal(wire: Wire, live: Body, verdict: Verdict, pods: Iterable[Body]) -> Verdict:
    """The verdict on a workload whose pods have no cause of their own, with the reason of whatever was refused."""
    if verdict.reason == FAILED:
        return replace(verdict, reason=reason_in(verdict.message) or FAILED)
    made = [text(pod, "metadata", "creationTimestamp") for pod in pods]
    if live["kind"] == "Deployment" or verdict.reason not in _TOO_FEW or (live["kind"] == "Job" and made):
        return verdict
    try:
        events = await wire.events(live["metadata"]["namespace"], live["metadata"]["uid"], FAILED)
    except ApiRefused:
        return verdict
    at, message = max(((text(each, "lastTimestamp"), text(each, "message")) for each in events), default=("", ""))
    if at <= max(made, default=""):
        return verdict
    return Verdict(Health.DEGRADED, reason_in(message) or FAILED, message)
