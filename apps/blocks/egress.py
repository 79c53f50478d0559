"""Lets a process connect to certain addresses and ports only, besides DNS and its own application."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, Object, ProcessContribution, RenderError
from apps.naming import fingerprint, object_name, selector
from apps.network import dns
from apps.spec import AppSpec
from apps.terms import Cidr, Name, PortName, PortNumber
from clusters.target import ClusterTarget

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
        dns(),
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
