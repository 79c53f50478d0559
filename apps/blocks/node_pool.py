"""Runs one process or all on the nodes of a pool only, which are kept free of what does not ask for it."""

from dataclasses import dataclass, field

from apps.contribution import ALL_PROCESSES, Contribution, ProcessContribution
from apps.spec import AppSpec
from apps.terms import Name
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "pool": "large"}


@dataclass(frozen=True, kw_only=True)
class Params:
    pool: Name = field(
        metadata={
            "description": "The pool: nodes that carry it as the label, and may as the taint, dougong.dev/node-pool."
        }
    )
    process: Name | None = field(
        default=None, metadata={"description": "The process that runs there; every process if left out."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    return Contribution(processes={params.process or ALL_PROCESSES: ProcessContribution(node_pool=params.pool)})
