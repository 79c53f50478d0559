"""Deployment: by replicas and the conditions Progressing and Available. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.generic import unseen_generation
from clusters.health.reading import condition, count, part, text
from clusters.health.verdict import Verdict, degraded, healthy, progressing, suspended

KIND = ("apps", "Deployment")
# The controller takes the largest int32 for "no deadline" and then reports no progress.
_NO_DEADLINE = 2**31 - 1


def assess(body: dict[str, Any]) -> Verdict:
    unseen = unseen_generation(body, must_be_there=True)
    if unseen:
        return unseen
    if part(body, "spec").get("paused") is True:
        return suspended("Paused", "The rollout is paused")
    progress, failure = condition(body, "Progressing"), condition(body, "ReplicaFailure")
    if progress.get("reason") == "ProgressDeadlineExceeded":
        return degraded("ProgressDeadlineExceeded", text(progress, "message"))
    if failure.get("status") == "True":
        return degraded(text(failure, "reason") or "ReplicaFailure", text(failure, "message"))
    return _replicas(body) or _conditions(body, progress)


def _replicas(body: dict[str, Any]) -> Verdict | None:
    wanted = count(body, "spec", "replicas", default=1)
    total, updated, available, ready = (
        count(body, "status", name) for name in ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
    )
    if total < wanted:
        return progressing("LessReplicas", f"{total} of {wanted} replicas exist")
    if updated < wanted:
        return progressing("LessUpdated", f"{updated} of {wanted} replicas are updated")
    if total > wanted:
        return progressing("ExtraPods", f"{total - wanted} old replicas are to go")
    if available < updated:
        return progressing("LessAvailable", f"{available} of {wanted} replicas are available")
    if ready < wanted:
        return progressing("LessReady", f"{ready} of {wanted} replicas are ready")
    return None


def _conditions(body: dict[str, Any], progress: dict[str, Any]) -> Verdict:
    deadline = count(body, "spec", "progressDeadlineSeconds", default=_NO_DEADLINE)
    done = progress.get("status") == "True" and progress.get("reason") == "NewReplicaSetAvailable"
    if deadline != _NO_DEADLINE and not done:
        return progressing("ReplicaSetNotAvailable", text(progress, "message") or "The new ReplicaSet is not available")
    available = condition(body, "Available")
    if available.get("status") != "True":
        return progressing("NotAvailable", text(available, "message") or "The Deployment is not available")
    return healthy("Available", f"{count(body, 'status', 'availableReplicas')} replicas are available")
