"""Runs a command of the release's image to its end, again and again, at the times a cron expression tells."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, ProcessContribution, Run, Schedule, Workload
from apps.spec import AppSpec
from apps.terms import (
    Argument,
    ConcurrencyPolicy,
    Cpu,
    Cron,
    History,
    Memory,
    Name,
    Retries,
    RunSeconds,
    StartingDeadlineSeconds,
    TimeZone,
    UserId,
)
from clusters.target import ClusterTarget

EXAMPLE = {"name": "report", "schedule": "30 3 * * 1-5", "command": ["echo", "report"], "cpu": "50m", "memory": "64Mi"}
DECLARES_PROCESS = True


@dataclass(frozen=True, kw_only=True)
class Params:
    name: Name = field(metadata={"description": "What it is called: to other blocks it is a process of this name."})
    schedule: Cron = field(metadata={"description": "When: minute, hour, day of the month, month, day of the week."})
    cpu: Cpu = field(metadata={"description": "CPU that a run has for sure (its request)."})
    memory: Memory = field(metadata={"description": "Memory that a run has for sure, and at which it is ended."})
    time_zone: TimeZone = field(default="Etc/UTC", metadata={"description": "The IANA time zone of the schedule."})
    command: tuple[Argument, ...] = field(default=(), metadata={"description": "Replaces the image's entry point."})
    args: tuple[Argument, ...] = field(default=(), metadata={"description": "Arguments; replace the image's own."})
    concurrency_policy: ConcurrencyPolicy = field(
        default="Forbid", metadata={"description": "While the last run goes on: Forbid skips, Replace ends the last."}
    )
    starting_deadline_seconds: StartingDeadlineSeconds | None = field(
        default=None, metadata={"description": "How late a missed run may still start; without a limit if left out."}
    )
    active_deadline_seconds: RunSeconds = field(
        default=3600, metadata={"description": "Seconds after which a run is ended as failed, retries included."}
    )
    backoff_limit: Retries = field(default=0, metadata={"description": "How often a run that failed is retried."})
    successful_jobs_history_limit: History = field(default=3, metadata={"description": "Runs kept that succeeded."})
    failed_jobs_history_limit: History = field(default=1, metadata={"description": "Runs kept that failed."})
    suspend: bool = field(default=False, metadata={"description": "Start no run; those that go on are left alone."})
    user: UserId = field(default=10001, metadata={"description": "User id it runs as; root is not allowed."})


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    times = {name: getattr(params, name) for name in Schedule.__dataclass_fields__ if name != "cron"}
    run = Run(
        backoff_limit=params.backoff_limit,
        active_deadline_seconds=params.active_deadline_seconds,
        schedule=Schedule(cron=params.schedule, **times),
    )
    own = {name: getattr(params, name) for name in ("cpu", "memory", "command", "args", "user")}
    return Contribution(processes={params.name: ProcessContribution(workload=Workload(**own, run=run))})
