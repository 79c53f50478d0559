"""Gives one process or all a priority class of the cluster: who is scheduled first, and who makes room for whom."""

from dataclasses import dataclass, field

from apps.contribution import ALL_PROCESSES, Contribution, ProcessContribution, RenderError
from apps.offered import check_offered
from apps.spec import AppSpec
from apps.terms import Name
from clusters.target import ClusterTarget

# They outrank the parts that a node needs to run at all.
RESERVED = "system-"
EXAMPLE = {"process": "web", "priority_class": "high"}


@dataclass(frozen=True, kw_only=True)
class Params:
    priority_class: Name = field(metadata={"description": "The PriorityClass, one that the cluster offers."})
    process: Name | None = field(
        default=None, metadata={"description": "The process that gets it; every process if left out."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    if params.priority_class.startswith(RESERVED):
        raise RenderError(
            "reserved_class", "priority_class", f"{params.priority_class} is for the parts of the cluster itself"
        )
    offered = target.priority_classes
    check_offered(
        target, "priority class", params.priority_class, offered, code="priority_missing", path="priority_class"
    )
    given = ProcessContribution(priority_class=params.priority_class)
    return Contribution(processes={params.process or ALL_PROCESSES: given})
