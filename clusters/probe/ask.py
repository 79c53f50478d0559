"""Asking one cluster what it is: a handful of requests at once, no writes. The caller bounds the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from clusters.client import ClusterClient
from clusters.faults import ApiRefused, Unreachable
from clusters.kinds import WELL_KNOWN, Kinds, Resource
from clusters.probe import discovery, facts
from clusters.probe.discovery import Served
from clusters.probe.facts import Facts

ADMISSION = "admissionregistration.k8s.io/v1"
POLICIES = Resource(ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", False)
BINDINGS = Resource(ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", False)
NODES = WELL_KNOWN["v1", "Node"]
NAMESPACES = WELL_KNOWN["v1", "Namespace"]
CLASSES = WELL_KNOWN["storage.k8s.io/v1", "StorageClass"]

Answer = TypeVar("Answer")


async def probe(client: ClusterClient) -> Facts:
    """One sight of the cluster.

    Raises:
        Unreachable, AddressNotAllowed: no answer.
        ApiRefused: the credential is not taken (401), or may not even read the identity (403), or the server fails.
    """
    started = time.perf_counter()
    version = await client.request("GET", "/version")
    latency = round((time.perf_counter() - started) * 1000, 1)
    if not isinstance(version, dict) or "gitVersion" not in version:
        raise Unreachable("what answers at this address is no Kubernetes API server")
    system = await client.get(NAMESPACES, "", "kube-system")
    unreadable: list[str] = []
    nodes, served, classes, policy, binding = await asyncio.gather(
        _allowed(client.list(NODES), "nodes", unreadable),
        _discovered(client, unreadable),
        _allowed(client.list(CLASSES), "storageclasses", unreadable),
        _allowed(_found(client, POLICIES), "validatingadmissionpolicies", unreadable),
        _allowed(_found(client, BINDINGS), "validatingadmissionpolicybindings", unreadable),
    )
    gateways = await _gateways(client, served, unreadable)
    hidden = {"validatingadmissionpolicies", "validatingadmissionpolicybindings"} & set(unreadable)
    return Facts(
        version=str(version["gitVersion"]),
        latency_ms=latency,
        identity=str(system["metadata"]["uid"]) if system else "",
        nodes=tuple(sorted((facts.node(each) for each in (nodes or ([], ""))[0]), key=lambda node: str(node["name"]))),
        served=served,
        gateway=facts.gateway(gateways),
        storage=facts.storage((classes or ([], ""))[0]),
        fence=None if hidden else facts.fenced(policy and policy[0], binding and binding[0]),
        grants=facts.revision(policy and policy[0]),
        certificate_expires_at=client.certificate_expires_at,
        unreadable=tuple(sorted(unreadable)),
    )


async def _allowed(question: Awaitable[Answer], name: str, unreadable: list[str]) -> Answer | None:
    """The answer, or None where the account may not ask or the kind is not served."""
    try:
        return await question
    except ApiRefused as refusal:
        if refusal.status not in (403, 404):
            raise
        unreadable.append(name)
        return None


async def _found(client: ClusterClient, resource: Resource) -> tuple[dict[str, Any] | None]:
    return (await client.get(resource, "", facts.POLICY),)


async def _discovered(client: ClusterClient, unreadable: list[str]) -> Served:
    documents = await asyncio.gather(
        *(client.request("GET", path, accept=f"{discovery.ACCEPT},application/json") for path in ("/api", "/apis"))
    )
    try:
        return discovery.served(documents)
    except ValueError:
        unreadable.append("discovery")
        return Served()


async def _gateways(client: ClusterClient, served: Served, unreadable: list[str]) -> list[dict[str, Any]]:
    resource = Kinds(served.resources).find("gateway.networking.k8s.io/v1", "Gateway") if served.resources else None
    if resource is None:
        return []
    answer = await _allowed(client.list(resource), "gateways", unreadable)
    return answer[0] if answer else []
