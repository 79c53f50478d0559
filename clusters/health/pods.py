"""Why pods are not ready, and how that explains the workload they belong to.

The delivery loop reads the pods behind a workload that is not Healthy and folds their worst cause into its verdict.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from clusters.health.containers import shortened, why_not
from clusters.health.reading import condition, items, part, text
from clusters.health.scheduling import no_node
from clusters.health.verdict import SEVERITY, Health, Verdict, degraded, progressing

# Of causes equally bad the first named is told: what a person must repair before what follows from it.
_TELLING = (
    "ImagePullDenied", "ImageNotFound", "InvalidImageName", "ErrImageNeverPull", "SignatureValidationFailed",
    "ImagePullBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "OOMKilled",
    "CrashLoopBackOff", "ContainerCrashed", "Unschedulable", "SchedulingGated", "Restarted", "NotReady",
    "ReadinessGatesNotReady", "StartingUp", "Initializing", "Scheduling", "ContainerCreating", "PodInitializing",
)  # fmt: skip
_PLACE = {reason: place for place, reason in enumerate(_TELLING)}


def why_not_ready(pod: dict[str, Any]) -> Verdict:
    """The cause that keeps a pod, neither ready nor done, from being so."""
    causes = _container_causes(pod)
    if text(pod, "status", "phase") == "Failed":
        return _failed(pod, causes)
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        reason = text(scheduled, "reason") or "Unschedulable"
        return progressing(reason, shortened(no_node(text(scheduled, "message"), pod)))
    return min(causes, key=_telling) if causes else _by_conditions(pod)


def _by_conditions(pod: dict[str, Any]) -> Verdict:
    if text(pod, "status", "reason") == "NodeLost" or text(pod, "status", "phase") == "Unknown":
        return Verdict(Health.UNKNOWN, "NodeLost", "The node of the pod does not answer")
    ready = condition(pod, "Ready")
    if text(ready, "reason") == "ReadinessGatesNotReady":
        return progressing("ReadinessGatesNotReady", shortened(text(ready, "message")))
    if not condition(pod, "PodScheduled"):
        return progressing("Scheduling", "The pod has no node yet")
    return progressing("ContainerCreating", "The containers are being created")


def explain_pods(pods: Iterable[dict[str, Any]]) -> Verdict | None:
    """The worst cause among the pods behind a workload; None when every pod is ready, done or going.

    Pods that have failed count only when no living one has a cause: evicted ones stay about long after.
    """
    living: list[Verdict] = []
    failed: list[Verdict] = []
    for pod in sorted(pods, key=lambda each: text(each, "metadata", "name")):
        phase = text(pod, "status", "phase")
        ready = phase == "Running" and condition(pod, "Ready").get("status") == "True"
        if not (ready or phase == "Succeeded" or part(pod, "metadata").get("deletionTimestamp")):
            why, name = why_not_ready(pod), text(pod, "metadata", "name")
            (failed if phase == "Failed" else living).append(replace(why, source=(name, why.source[1])))
    causes = living or failed
    if not causes:
        return None
    worst = min(causes, key=_telling)
    more = sum(cause.reason == worst.reason for cause in causes) - 1
    if not more:
        return worst
    return replace(worst, message=f"{worst.message} (and {more} more pod{'' if more == 1 else 's'})")


def fold(workload: Verdict, pods: Iterable[dict[str, Any]]) -> Verdict:
    """The verdict on a workload, explained by its pods: the worse health, the reason and message of their cause.

    A workload that is neither Progressing nor Degraded, or on its way out, needs no explanation.
    """
    if workload.health not in (Health.PROGRESSING, Health.DEGRADED) or workload.reason == "Terminating":
        return workload
    cause = explain_pods(pods)
    if cause is None:
        return workload
    health = max(workload.health, cause.health, key=lambda each: SEVERITY[each])
    return replace(cause, health=health, message="; ".join(filter(None, (cause.message, workload.message))))


def _container_causes(pod: dict[str, Any]) -> list[Verdict]:
    found = []
    for statuses, specs, is_init in (
        ("initContainerStatuses", "initContainers", True),
        ("containerStatuses", "containers", False),
    ):
        by_name = {text(spec, "name"): spec for spec in items(pod, "spec", specs)}
        for status in items(pod, "status", statuses):
            cause = why_not(status, by_name.get(text(status, "name"), {}), is_init=is_init)
            if cause:
                found.append(replace(cause, source=("", text(status, "name"))))
    return found


def _failed(pod: dict[str, Any], causes: list[Verdict]) -> Verdict:
    reason, message = text(pod, "status", "reason"), shortened(text(pod, "status", "message"))
    if reason:
        return degraded(reason, message)
    crashed = [cause for cause in causes if cause.health is Health.DEGRADED]
    return min(crashed, key=_telling) if crashed else degraded("PodFailed", message or "The pod failed")


def _telling(verdict: Verdict) -> tuple[int, int]:
    return -SEVERITY[verdict.health], _PLACE.get(verdict.reason, len(_TELLING))
