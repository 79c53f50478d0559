"""Pods as people see them: which workload one belongs to, and what is told of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from clusters.health import SEVERITY, Health, assess
from clusters.health.reading import count, items, part, text
from clusters.manifests import ObjectId

MOST = 50
"""Pods of a workload that are told one by one; the rest is counted."""
LONGEST = 300
COMPONENT = "app.kubernetes.io/component"
_TEMPLATE = "pod-template-hash"
# A CronJob calls its Jobs by the minute of the epoch, which has had eight digits since 1989.
_BY_CRON = re.compile(r"(.+)-[0-9]{8,10}")


def workload_of(pod: Mapping[str, Any]) -> str:
    """The id, as text, of the Deployment, StatefulSet, DaemonSet, Job or CronJob behind a pod; "" where it has none."""
    owner = _owner(pod)
    kind, name, namespace = text(owner, "kind"), text(owner, "name"), text(pod, "metadata", "namespace")
    if not kind or not name:
        return ""
    group = text(owner, "apiVersion").rpartition("/")[0]
    if kind == "ReplicaSet":
        kind, name = "Deployment", name.removesuffix(f"-{text(pod, 'metadata', 'labels', _TEMPLATE)}")
    elif kind == "Job" and (by_cron := _BY_CRON.fullmatch(name)):
        kind, name = "CronJob", by_cron[1]
    return str(ObjectId(group, kind, namespace, name))


def seen(pod: Mapping[str, Any]) -> dict[str, Any]:
    """{"name", "image", "node", "phase", "health", "reason", "message", "ready", "containers", "restarts",
    "created_at"}; the image is that of the process, `ready` counts its containers and `created_at` is RFC 3339 or "".
    Of a Job's pod also {"job", "ended_at"}: its name, and when the pod's last container ended, "" before that.
    """
    verdict = assess(dict(pod))
    statuses = items(pod, "status", "containerStatuses")
    return {
        "name": _kept(text(pod, "metadata", "name")),
        "image": _kept(_image(pod)),
        "node": _kept(text(pod, "spec", "nodeName")),
        "phase": _kept(text(pod, "status", "phase")) or "Pending",
        "health": str(verdict.health),
        "reason": verdict.reason,
        "message": verdict.message[:LONGEST],
        "ready": sum(each.get("ready") is True for each in statuses),
        "containers": len(items(pod, "spec", "containers")),
        "restarts": sum(count(each, "restartCount") for each in statuses),
        "created_at": _moment(text(pod, "metadata", "creationTimestamp")),
        **_of_a_run(pod, statuses),
    }


def told(pods: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are told one by one: the worst first, then by name."""
    return sorted(pods, key=lambda each: (-SEVERITY[Health(each["health"])], each["name"]))[:MOST]


def _owner(pod: Mapping[str, Any]) -> dict[str, Any]:
    owners = items(pod, "metadata", "ownerReferences")
    return next((each for each in owners if each.get("controller") is True), {})


def _of_a_run(pod: Mapping[str, Any], statuses: Iterable[dict[str, Any]]) -> dict[str, str]:
    owner = _owner(pod)
    if text(owner, "kind") != "Job":
        return {}
    ended = text(pod, "status", "phase") in ("Succeeded", "Failed")
    moments = [_moment(text(each, "state", "terminated", "finishedAt")) for each in statuses]
    return {"job": _kept(text(owner, "name")), "ended_at": max(moments, default="") if ended else ""}


def _kept(said: str) -> str:
    """Of a length, and with what a database keeps: a server may say anything."""
    return said.replace("\0", "")[:LONGEST]


def _moment(said: str) -> str:
    try:
        return said if datetime.fromisoformat(said).tzinfo else ""
    except ValueError:
        return ""


def _image(pod: Mapping[str, Any]) -> str:
    containers = items(pod, "spec", "containers")
    process = text(part(pod, "metadata", "labels"), COMPONENT)
    named = next((each for each in containers if text(each, "name") == process), None)
    return text(named or (containers[0] if containers else {}), "image")
