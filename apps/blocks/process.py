"""Runs a process: a command of the release's image, in as many replicas as asked, with the CPU and memory asked."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, ProcessContribution, RenderError, Workload
from apps.spec import AppSpec
from apps.terms import Argument, Count, Cpu, GraceSeconds, Memory, Name, Path, PortNumber, UserId
from clusters.quantity import quantity
from clusters.target import ClusterTarget

SERVE = ["python3", "-m", "http.server", "8080"]
EXAMPLE = {"name": "web", "replicas": 2, "cpu": "50m", "memory": "64Mi", "command": SERVE}
DECLARES_PROCESS = True


@dataclass(frozen=True, kw_only=True)
class Params:
    name: Name = field(metadata={"description": "What the process is called; other blocks refer to it by this name."})
    cpu: Cpu = field(metadata={"description": "CPU that each replica has for sure (its request)."})
    memory: Memory = field(metadata={"description": "Memory that each replica has for sure (its request)."})
    replicas: Count = field(default=1, metadata={"description": "How many replicas run on each cluster."})
    command: tuple[Argument, ...] = field(default=(), metadata={"description": "Replaces the image's entry point."})
    args: tuple[Argument, ...] = field(default=(), metadata={"description": "Arguments; replace the image's own."})
    cpu_limit: Cpu | None = field(default=None, metadata={"description": "Most CPU a replica may use; else no limit."})
    memory_limit: Memory | None = field(
        default=None, metadata={"description": "Memory at which a replica is ended; its request if left out."}
    )
    probe_path: Path | None = field(
        default=None,
        metadata={"description": "HTTP path that answers 2xx or 3xx once ready; else a TCP connect has to succeed."},
    )
    probe_port: PortNumber | None = field(
        default=None, metadata={"description": "Port that is probed; the process's first port if left out."}
    )
    grace_seconds: GraceSeconds = field(
        default=30, metadata={"description": "Seconds the process has to finish after SIGTERM."}
    )
    user: UserId = field(default=10001, metadata={"description": "User id it runs as; root is not allowed."})
    stateful: bool = field(
        default=False,
        metadata={"description": "Each replica keeps a name and volumes of its own; they start and change in order."},
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    for name, request, limit in (
        ("cpu_limit", params.cpu, params.cpu_limit),
        ("memory_limit", params.memory, params.memory_limit),
    ):
        if limit is not None and quantity(limit) < quantity(request):
            raise RenderError("limit_below_request", name, f"{limit} is less than the {request} asked for")
    workload = Workload(**{name: getattr(params, name) for name in Params.__dataclass_fields__ if name != "name"})
    return Contribution(processes={params.name: ProcessContribution(workload=workload)})
