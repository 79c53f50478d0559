"""Lets the number of a process's replicas follow its CPU use, between a least and a most on each cluster."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, Object, ProcessContribution, RenderError
from apps.naming import object_name
from apps.spec import AppSpec
from apps.terms import Name, Percent, Positive
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "min": 2, "max": 10, "cpu_percent": 70}


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process to scale; its own replicas no longer count."})
    min: Positive = field(metadata={"description": "Never fewer replicas than this."})
    max: Positive = field(metadata={"description": "Never more replicas than this."})
    cpu_percent: Percent = field(
        default=80, metadata={"description": "Average CPU use to aim at, in percent of the CPU asked for."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    if params.max < params.min:
        raise RenderError("range_reversed", "max", f"the most, {params.max}, is below the least, {params.min}")
    name = object_name(app, params.process)
    aim = {"type": "Utilization", "averageUtilization": params.cpu_percent}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": params.min,
        "maxReplicas": params.max,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": aim}}],
    }
    body = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": spec}
    return Contribution(
        objects=(Object(body, process=params.process),),
        processes={params.process: ProcessContribution(owns_replicas=params.min)},
    )
