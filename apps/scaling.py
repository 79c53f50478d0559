"""The autoscalers of one merged process, as objects: HorizontalPodAutoscaler and VerticalPodAutoscaler.

Called by `workload`. A scaler that has windows carries its timetable with it as an annotation: by that the platform
changes its bounds when a window begins or ends, and nothing else (`apps.timetable`). Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.contribution import Scaler, VerticalScaler, Window
from apps.spec import thaw
from apps.timetable import ANNOTATION_TIMETABLE
from clusters.manifests import Body

VERTICAL = ("autoscaling.k8s.io/v1", "VerticalPodAutoscaler")
Pace = tuple[int | None, str | None]
"""How many seconds it waits, and the most it changes in a period ("2", "50%"); None where Kubernetes decides."""


def horizontal(name: str, scaler: Scaler, windows: tuple[Window, ...]) -> Body:
    """The HorizontalPodAutoscaler of the Deployment `name`, within the bounds outside all windows."""
    metadata: Body = {"name": name}
    if windows:
        metadata["annotations"] = {ANNOTATION_TIMETABLE: timetable(scaler, windows)}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": scaler.least,
        "maxReplicas": scaler.most,
        "metrics": [_metric(resource, percent) for resource, percent in scaler.metrics.items()],
        **({"behavior": thaw(scaler.behavior)} if scaler.behavior else {}),
    }
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def vertical(name: str, kind: str, container: str, scaler: VerticalScaler) -> Body:
    """The VerticalPodAutoscaler of a workload, for the process's own container; the others are left alone."""
    policy = {
        "containerName": container,
        "controlledResources": list(scaler.resources),
        # Limits are the team's: a memory limit that grew by itself would hide a leak.
        "controlledValues": "RequestsOnly",
        **({"minAllowed": thaw(scaler.least)} if scaler.least else {}),
        **({"maxAllowed": thaw(scaler.most)} if scaler.most else {}),
    }
    others = {"containerName": "*", "mode": "Off"}
    spec = {
        "targetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
        "updatePolicy": {"updateMode": scaler.mode},
        "resourcePolicy": {"containerPolicies": [policy, others]},
    }
    return {"apiVersion": VERTICAL[0], "kind": VERTICAL[1], "metadata": {"name": name}, "spec": spec}


def timetable(scaler: Scaler, windows: tuple[Window, ...]) -> str:
    """What `apps.timetable` reads, as the text of an annotation."""
    entries = [
        {
            "name": each.name,
            "start": each.start,
            "end": each.end,
            "time_zone": each.time_zone,
            "bounds": [each.least, each.most],
        }
        for each in windows
    ]
    return json.dumps({"bounds": [scaler.least, scaler.most], "windows": entries}, separators=(",", ":"))


def behavior(*, up: Pace, down: Pace, period: int) -> dict[str, Any]:
    """The field `behavior` of a HorizontalPodAutoscaler, {} where there is nothing to say."""
    found = {"scaleUp": _rules(*up, period), "scaleDown": _rules(*down, period)}
    return {name: rules for name, rules in found.items() if rules}


def _rules(window: int | None, most: str | None, period: int) -> dict[str, Any]:
    rules: dict[str, Any] = {} if window is None else {"stabilizationWindowSeconds": window}
    if most is not None:
        kind = "Percent" if most.endswith("%") else "Pods"
        rules["policies"] = [{"type": kind, "value": int(most.rstrip("%")), "periodSeconds": period}]
    return rules


def _metric(resource: str, percent: int) -> Mapping[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": resource, "target": target}}
