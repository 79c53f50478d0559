"""Lets the number of a process's replicas follow its CPU and memory use, within bounds on each cluster."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, Object, ProcessContribution, RenderError
from apps.naming import object_name
from apps.scaling import behavior, metrics
from apps.spec import AppSpec
from apps.terms import Name, NumberOrPercent, Percent, PolicySeconds, Positive, WindowSeconds
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "min": 2, "max": 10, "cpu_percent": 70, "scale_down_window_seconds": 600}


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process to scale; its own replicas no longer count."})
    min: Positive = field(metadata={"description": "Never fewer replicas than this."})
    max: Positive = field(metadata={"description": "Never more replicas than this."})
    cpu_percent: Percent = field(
        default=80, metadata={"description": "CPU use to aim at, in percent of that asked for."}
    )
    memory_percent: Percent | None = field(
        default=None, metadata={"description": "Memory use to aim at too, likewise."}
    )
    scale_up_window_seconds: WindowSeconds | None = field(
        default=None, metadata={"description": "More are started once they were wanted all this time; else at once."}
    )
    scale_up_most: NumberOrPercent | None = field(
        default=None, metadata={"description": "Start at most so many in a period, or so many percent."}
    )
    scale_down_window_seconds: WindowSeconds | None = field(
        default=None, metadata={"description": "Some are ended once not wanted all this time; else after 300 seconds."}
    )
    scale_down_most: NumberOrPercent | None = field(
        default=None, metadata={"description": "End at most so many in a period, or so many percent."}
    )
    period_seconds: PolicySeconds = field(default=60, metadata={"description": "How long such a period is."})


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    if params.max < params.min:
        raise RenderError("range_reversed", "max", f"the most, {params.max}, is below the least, {params.min}")
    name = object_name(app, params.process)
    up = (params.scale_up_window_seconds, params.scale_up_most)
    down = (params.scale_down_window_seconds, params.scale_down_most)
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": params.min,
        "maxReplicas": params.max,
        "metrics": metrics(cpu=params.cpu_percent, memory=params.memory_percent),
        **behavior(up=up, down=down, period=params.period_seconds),
    }
    body = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": spec}
    return Contribution(
        objects=(Object(body, process=params.process),),
        processes={params.process: ProcessContribution(owns_replicas=params.min)},
    )
