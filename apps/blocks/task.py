"""Runs a command once a release on each cluster, before the release's processes start; going back runs none."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, ProcessContribution, Run, Workload
from apps.spec import AppSpec
from apps.terms import Argument, Cpu, Memory, Name, Retries, RunSeconds, UserId
from clusters.target import ClusterTarget

EXAMPLE = {"name": "migrate", "command": ["echo", "migrated"], "cpu": "50m", "memory": "64Mi"}
DECLARES_PROCESS = True


@dataclass(frozen=True, kw_only=True)
class Params:
    name: Name = field(metadata={"description": "What it is called: to other blocks it is a process of this name."})
    cpu: Cpu = field(metadata={"description": "CPU that it has for sure (its request)."})
    memory: Memory = field(metadata={"description": "Memory that it has for sure, and at which it is ended."})
    command: tuple[Argument, ...] = field(default=(), metadata={"description": "Replaces the image's entry point."})
    args: tuple[Argument, ...] = field(default=(), metadata={"description": "Arguments; replace the image's own."})
    active_deadline_seconds: RunSeconds = field(
        default=600, metadata={"description": "Seconds after which it is ended as failed, retries included."}
    )
    backoff_limit: Retries = field(default=0, metadata={"description": "How often it is retried when it failed."})
    user: UserId = field(default=10001, metadata={"description": "User id it runs as; root is not allowed."})


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    run = Run(backoff_limit=params.backoff_limit, active_deadline_seconds=params.active_deadline_seconds)
    own = {name: getattr(params, name) for name in ("cpu", "memory", "command", "args", "user")}
    notes = (f"{params.name} is not run: no task is when going back",) if app.rolled_back else ()
    return Contribution(
        processes={params.name: ProcessContribution(workload=Workload(**own, run=run))},
        notes=notes,
    )
