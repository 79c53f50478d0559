"""Lets a process connect to certain addresses and ports only, besides DNS and its own application."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, Object, ProcessContribution, RenderError
from apps.naming import fingerprint, object_name, selector
from apps.spec import AppSpec
from apps.terms import Cidr, Name, PortName, PortNumber
from clusters.target import ClusterTarget

# The cluster's DNS, wherever it runs, and the cache that may stand before it on each node.
DNS: tuple[dict[str, object], ...] = ({"namespaceSelector": {}}, {"ipBlock": {"cidr": "169.254.20.10/32"}})
DNS_PORTS = ({"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53})
EXAMPLE = {"process": "web", "cidrs": ["192.0.2.0/24"], "ports": [5432]}
KEY = ("process", "name")


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process; with one egress it may connect nowhere else."})
    name: PortName = field(default="egress", metadata={"description": "What tells it from others of the process."})
    cidrs: tuple[Cidr, ...] = field(default=(), metadata={"description": "Where to; nowhere else if left out."})
    ports: tuple[PortNumber, ...] = field(default=(), metadata={"description": "At which TCP ports; all if left out."})


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    if params.ports and not params.cidrs:
        raise RenderError("cidrs_missing", "ports", "ports of no address: name them in cidrs, 0.0.0.0/0 for all")
    rules: list[dict[str, object]] = [
        {"to": list(DNS), "ports": list(DNS_PORTS)},
        {"to": [{"podSelector": {}}]},
    ]
    if params.cidrs:
        rule: dict[str, object] = {"to": [{"ipBlock": {"cidr": cidr}} for cidr in sorted(set(params.cidrs))]}
        if params.ports:
            rule["ports"] = [{"protocol": "TCP", "port": port} for port in sorted(set(params.ports))]
        rules.append(rule)
    spec = {
        "podSelector": {"matchLabels": selector(app, params.process)},
        "policyTypes": ["Egress"],
        "egress": rules,
    }
    name = f"{object_name(app, params.process)}-{fingerprint(params.name)}"
    body = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}
    return Contribution(
        objects=(Object(body, process=params.process),), processes={params.process: ProcessContribution()}
    )
