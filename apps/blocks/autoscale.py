"""Lets the number of a process's replicas follow its CPU and memory use, within bounds."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, ProcessContribution, RenderError, Scaler
from apps.scaling import behavior
from apps.spec import AppSpec
from apps.terms import Name, NumberOrPercent, Percent, PolicySeconds, Positive, WindowSeconds
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "min": 2, "max": 10, "cpu_percent": 70, "scale_down_window_seconds": 600}


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process to scale; its own replicas no longer count."})
    min: Positive = field(
        metadata={"description": "Never fewer replicas than this, on each cluster or divided among them."}
    )
    max: Positive = field(metadata={"description": "Never more replicas than this, likewise."})
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
    metrics = {"cpu": params.cpu_percent, "memory": params.memory_percent}
    up = (params.scale_up_window_seconds, params.scale_up_most)
    down = (params.scale_down_window_seconds, params.scale_down_most)
    scaler = Scaler(
        least=params.min,
        most=params.max,
        metrics={name: percent for name, percent in metrics.items() if percent is not None},
        behavior=behavior(up=up, down=down, period=params.period_seconds),
    )
    return Contribution(processes={params.process: ProcessContribution(scaler=scaler)})
