"""Finds out how much CPU and memory a process needs, and where told sets it: a VerticalPodAutoscaler."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, ProcessContribution, RenderError, VerticalScaler
from apps.scaling import VERTICAL
from apps.spec import AppSpec
from apps.terms import Cpu, Memory, Name, VerticalMode, VerticalResource
from clusters.quantity import quantity
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "mode": "Off", "max_memory": "1Gi"}


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process; sidecars are left alone."})
    mode: VerticalMode = field(
        default="Off",
        metadata={
            "description": "Off only advises; Initial sets the requests of new Pods; Recreate replaces Pods for it."
        },
    )
    resources: tuple[VerticalResource, ...] = field(
        default=("cpu", "memory"), metadata={"description": "Which; set by none that an autoscale block aims at."}
    )
    min_cpu: Cpu | None = field(default=None, metadata={"description": "Never less CPU than this."})
    max_cpu: Cpu | None = field(default=None, metadata={"description": "Never more CPU than this."})
    min_memory: Memory | None = field(default=None, metadata={"description": "Never less memory than this."})
    max_memory: Memory | None = field(default=None, metadata={"description": "Never more memory than this."})


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    if not params.resources:
        raise RenderError("resources_missing", "resources", "name cpu, memory or both")
    if not target.serves(*VERTICAL):
        raise RenderError("kind_not_served", "process", f"cluster {target.name} serves no {VERTICAL[0]} {VERTICAL[1]}")
    least = {"cpu": params.min_cpu, "memory": params.min_memory}
    most = {"cpu": params.max_cpu, "memory": params.max_memory}
    for name in ("cpu", "memory"):
        low, high = least[name], most[name]
        if low is not None and high is not None and quantity(high) < quantity(low):
            raise RenderError("range_reversed", f"max_{name}", f"the most, {high}, is below the least, {low}")
    scaler = VerticalScaler(
        mode=params.mode,
        resources=tuple(sorted(set(params.resources))),
        least={name: amount for name, amount in least.items() if amount is not None},
        most={name: amount for name, amount in most.items() if amount is not None},
    )
    return Contribution(processes={params.process: ProcessContribution(vertical=scaler)})
