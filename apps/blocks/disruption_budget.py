"""Says how many replicas of a process may be away while nodes are drained, instead of one at a time."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, Disruption, ProcessContribution, RenderError
from apps.spec import AppSpec
from apps.terms import Name, NumberOrShare
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "max_unavailable": "25%"}


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process whose replicas are kept."})
    min_available: NumberOrShare | None = field(
        default=None, metadata={"description": "Never fewer than these are there."}
    )
    max_unavailable: NumberOrShare | None = field(
        default=None, metadata={"description": "Or: never more than these are away."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    if (params.min_available is None) == (params.max_unavailable is None):
        got = "neither" if params.min_available is None else "both"
        raise RenderError("one_of_two", "min_available", f"either min_available or max_unavailable, not {got}")
    disruption = Disruption(min_available=params.min_available, max_unavailable=params.max_unavailable)
    return Contribution(processes={params.process: ProcessContribution(disruption=disruption)})
