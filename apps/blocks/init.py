"""Runs a container to its end before a process starts, in each of its Pods; several go in the order of names."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.contribution import Container, Contribution, Mount, ProcessContribution
from apps.spec import AppSpec
from apps.terms import Argument, Cpu, EnvName, EnvValue, Image, Memory, MountPath, Name
from clusters.target import ClusterTarget

WARM = ["sh", "-c", "echo warm > /tmp/warm"]
EXAMPLE = {"process": "web", "name": "warm-up", "command": WARM, "cpu": "10m", "memory": "16Mi"}
KEY = ("process", "name")


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process it runs before, as the same user, with the same /tmp."})
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
    )
    return Contribution(processes={params.process: ProcessContribution(init=(container,))})
