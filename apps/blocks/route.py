"""Leads HTTP requests for a host and path from outside the cluster, through its gateway, to a process."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, Object, ProcessContribution
from apps.naming import fingerprint, object_name
from apps.spec import AppSpec
from apps.terms import Host, Name, Path, PortNumber
from clusters.target import ClusterTarget

API_VERSION = "gateway.networking.k8s.io/v1"
EXAMPLE = {"process": "web", "host": "hello.example"}
KEY = ("host", "path")


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process that answers."})
    host: Host = field(metadata={"description": "The host name of the requests."})
    path: Path = field(default="/", metadata={"description": "Requests whose path begins with this, by segments."})
    port: PortNumber = field(default=80, metadata={"description": "The service_port of the process that gets them."})


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    process = {params.process: ProcessContribution(needs_service_ports=(params.port,))}
    if target.gateway is None or not target.routes:
        lack = "has no gateway" if target.gateway is None else "does not serve HTTPRoute"
        return Contribution(
            processes=process, notes=(f"{params.host}{params.path} is left out: cluster {target.name} {lack}",)
        )
    spec = {
        "parentRefs": [{"name": target.gateway.name, "namespace": target.gateway.namespace}],
        "hostnames": [params.host],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": params.path}}],
                "backendRefs": [{"name": object_name(app, params.process), "port": params.port}],
            }
        ],
    }
    name = f"{object_name(app, params.process)}-{fingerprint(params.host + params.path)}"
    body = {"apiVersion": API_VERSION, "kind": "HTTPRoute", "metadata": {"name": name}, "spec": spec}
    return Contribution(objects=(Object(body, process=params.process),), processes=process)
