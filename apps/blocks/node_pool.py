"""Runs one process or all on the nodes of a pool only, which are kept free of what does not ask for it."""

from dataclasses import dataclass, field

from apps.contribution import ALL_PROCESSES, Contribution, ProcessContribution, RenderError
from apps.offered import check_offered
from apps.spec import AppSpec
from apps.terms import Name
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "pool": "large"}


@dataclass(frozen=True, kw_only=True)
class Params:
    pool: Name = field(
        metadata={"description": "The pool, one that the cluster offers: nodes with this label dougong.dev/node-pool."}
    )
    process: Name | None = field(
        default=None, metadata={"description": "The process that runs there; every process if left out."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    check_offered(target, "node pool", params.pool, target.node_pools, code="pool_missing", path="pool")
    if target.team_pools and params.pool not in target.team_pools:
        may = ", ".join(target.team_pools)
        raise RenderError("pool_not_allowed", "pool", f"on cluster {target.name} the team may use {may} alone")
    return Contribution(processes={params.process or ALL_PROCESSES: ProcessContribution(node_pool=params.pool)})
