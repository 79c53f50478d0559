"""Runs a container beside a process, in each of its Pods: started before it, ended after it, restarted by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.contribution import Container, Contribution, Mount, ProcessContribution
from apps.spec import AppSpec
from apps.terms import Argument, Cpu, EnvName, EnvValue, Image, Memory, MountPath, Name, PortNumber
from clusters.target import ClusterTarget

CACHE = ["python3", "-m", "http.server", "6379"]
EXAMPLE = {"process": "web", "name": "cache", "command": CACHE, "cpu": "10m", "memory": "64Mi", "probe_port": 6379}
KEY = ("process", "name")


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process it runs beside, as the same user, with the same /tmp."})
    name: Name = field(metadata={"description": "What the container is called, unique in its process."})
    cpu: Cpu = field(metadata={"description": "CPU that it has for sure in each Pod (its request)."})
    memory: Memory = field(metadata={"description": "Memory that it has for sure, and at which it is ended."})
    image: Image | None = field(default=None, metadata={"description": "What runs; the release's image if left out."})
    command: tuple[Argument, ...] = field(default=(), metadata={"description": "Replaces the image's entry point."})
    args: tuple[Argument, ...] = field(default=(), metadata={"description": "Arguments; replace the image's own."})
    env: Mapping[EnvName, EnvValue] = field(default_factory=dict, metadata={"description": "Variables of its own."})
    process_env: bool = field(default=False, metadata={"description": "Give it the variables of the process as well."})
    mounts: Mapping[MountPath, Name] = field(
        default_factory=dict, metadata={"description": "Volumes of the process that it finds, by path."}
    )
    probe_port: PortNumber | None = field(
        default=None, metadata={"description": "The process is started once this port takes connections; else at once."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    container = Container(
        name=params.name,
        image=params.image or app.image,
        cpu=params.cpu,
        memory=params.memory,
        command=params.command,
        args=params.args,
        env=params.env,
        mounts=tuple(Mount(volume, path, read_only=False) for path, volume in sorted(params.mounts.items())),
        process_env=params.process_env,
        probe_port=params.probe_port,
    )
    return Contribution(processes={params.process: ProcessContribution(sidecars=(container,))})
