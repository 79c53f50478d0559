"""Opens a TCP port of a process and gives it a stable address for the other applications of the cluster."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, Port, ProcessContribution
from apps.spec import AppSpec
from apps.terms import Name, PortName, PortNumber
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "port": 8080}
KEY = ("process", "name")


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process that listens."})
    port: PortNumber = field(metadata={"description": "Where it listens; the process finds its first one in $PORT."})
    name: PortName = field(default="http", metadata={"description": "What the port is called, unique in its process."})
    service_port: PortNumber = field(default=80, metadata={"description": "Port of the Service that leads to it."})
    internal: bool = field(default=False, metadata={"description": "Refuse a route that would lead to it."})


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    port = Port(name=params.name, container=params.port, service=params.service_port, internal=params.internal)
    return Contribution(processes={params.process: ProcessContribution(ports=(port,))})
