"""What the probe saw, as one value, and how it is read out of the server's answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clusters.probe.discovery import Resources, Served
from clusters.quantity import totals

Body = Mapping[str, Any]

POLICY = "dougong-fence"
MOST_DIGITS = 6
LABEL_GATEWAY = "dougong.dev/gateway"
LABEL_TIER = "dougong.dev/tier"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
DEFAULT_TIER = "default"
_ROLE = "node-role.kubernetes.io/"
# What every namespace of ours carries; a Gateway's selector is held against it. None: any value.
OUR_NAMESPACE: Mapping[str, str | None] = {
    "app.kubernetes.io/managed-by": "dougong",
    "dougong.dev/environment": None,
    "dougong.dev/owner": None,
    "dougong.dev/work": None,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """One sight of a cluster. What the account may not read is named in `unreadable` and stays empty here.

    `grants` is the revision of deploy/member that was applied last; None where it cannot be read.
    """

    version: str
    latency_ms: float
    identity: str = ""
    nodes: tuple[dict[str, Any], ...] = ()
    served: Served = field(default_factory=Served)
    gateway: dict[str, str] | None = None
    storage: dict[str, str] = field(default_factory=dict)
    fence: bool | None = None
    grants: int | None = None
    certificate_expires_at: datetime | None = None
    unreadable: tuple[str, ...] = ()

    def to_json(self, before: Body) -> dict[str, Any]:
        """The columns of Cluster.facts, less `observed_at`; `before` are the facts so far."""
        resources = self.served.or_before(before.get("resources") or {})
        return {
            "version": self.version,
            "latency_ms": self.latency_ms,
            "nodes": list(self.nodes),
            "capacity": totals(node["capacity"] for node in self.nodes),
            "allocatable": totals(node["allocatable"] for node in self.nodes if node["ready"] and not node["cordoned"]),
            "resources": resources,
            "stale": list(self.served.stale),
            "gateway": self.gateway,
            "storage": self.storage,
            "grants": before.get("grants") if self.grants is None else self.grants,
            "certificate_expires_at": self.certificate_expires_at.isoformat() if self.certificate_expires_at else None,
            "unreadable": list(self.unreadable),
            "target": target(self.version, resources, self.gateway, self.storage),
        }


def target(version: str, resources: Resources, gateway: dict[str, str] | None, storage: Body) -> dict[str, Any]:
    """What renderers may know: ClusterTarget.to_json() less the name, which the row has."""
    return {
        "version": version,
        "served": sorted(key.removeprefix("/") for key in resources),
        "gateway": gateway,
        "storage": dict(storage),
        "pod_security": ".".join(version.split(".")[:2]) or "latest",
    }


def node(body: Body) -> dict[str, Any]:
    """{"name", "ready", "cordoned", "roles", "taints", "version", "capacity", "allocatable"} of a Node."""
    metadata, spec, status = body["metadata"], body.get("spec") or {}, body.get("status") or {}
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or [])
    return {
        "name": metadata["name"],
        "ready": ready,
        "cordoned": bool(spec.get("unschedulable")),
        "roles": sorted(label.removeprefix(_ROLE) for label in metadata.get("labels") or {} if label.startswith(_ROLE)),
        "taints": [{key: each.get(key, "") for key in ("key", "value", "effect")} for each in spec.get("taints") or []],
        "version": (status.get("nodeInfo") or {}).get("kubeletVersion", ""),
        "capacity": _amounts(status.get("capacity")),
        "allocatable": _amounts(status.get("allocatable")),
    }


def _amounts(amounts: Body | None) -> dict[str, str]:
    return {name: str(amounts[name]) for name in ("cpu", "memory", "pods") if amounts and name in amounts}


def gateway(gateways: Iterable[Body]) -> dict[str, str] | None:
    """{"namespace", "name"} for our routes: of the Gateways open to our namespaces the labelled one, else the only."""
    usable = [each for each in gateways if _is_open(each)]
    labelled = [each for each in usable if (each["metadata"].get("labels") or {}).get(LABEL_GATEWAY) == "true"]
    candidates = labelled or usable
    if len(candidates) != 1:
        return None
    metadata = candidates[0]["metadata"]
    return {"namespace": metadata["namespace"], "name": metadata["name"]}


def _is_open(body: Body) -> bool:
    """Whether a listener for HTTP takes routes of our namespaces."""
    listeners = (body.get("spec") or {}).get("listeners") or []
    web = [each for each in listeners if each.get("protocol") in ("HTTP", "HTTPS")]
    return any(_admits((each.get("allowedRoutes") or {}).get("namespaces") or {}) for each in web)


def _admits(namespaces: Body) -> bool:
    if namespaces.get("from") != "Selector":
        return namespaces.get("from") == "All"
    selector = namespaces.get("selector") or {}
    labels = selector.get("matchLabels") or {}
    equal = all(key in OUR_NAMESPACE and OUR_NAMESPACE[key] in (None, value) for key, value in labels.items())
    return equal and all(_meets(each) for each in selector.get("matchExpressions") or [])


def _meets(expression: Body) -> bool:
    key, operator, values = str(expression.get("key")), expression.get("operator"), expression.get("values") or []
    if operator == "Exists":
        return key in OUR_NAMESPACE
    if operator == "In":
        return key in OUR_NAMESPACE and OUR_NAMESPACE[key] in values
    return operator in ("DoesNotExist", "NotIn") and key not in OUR_NAMESPACE


def storage(classes: Iterable[Body]) -> dict[str, str]:
    """Tier → name of the StorageClass: by the label `dougong.dev/tier`, "default" being the cluster's default class."""
    tiers: dict[str, str] = {}
    for each in sorted(classes, key=lambda body: str(body["metadata"]["name"])):
        metadata = each["metadata"]
        if tier := (metadata.get("labels") or {}).get(LABEL_TIER):
            tiers.setdefault(tier, metadata["name"])
        if (metadata.get("annotations") or {}).get(DEFAULT_CLASS) == "true":
            tiers.setdefault(DEFAULT_TIER, metadata["name"])
    return tiers


def revision(policy: Body | None) -> int | None:
    """Which revision of what a member grants was applied last: the fence carries it."""
    labels = ((policy or {}).get("metadata") or {}).get("labels") or {}
    said = str(labels.get("app.kubernetes.io/version", ""))
    return int(said) if said.isascii() and said.isdecimal() and len(said) < MOST_DIGITS else None


def fenced(policy: Body | None, binding: Body | None) -> bool:
    """Whether the fence is in force: the policy fails closed, its binding points to it and denies."""
    if policy is None or binding is None:
        return False
    closed = (policy.get("spec") or {}).get("failurePolicy", "Fail") == "Fail"
    bound = binding.get("spec") or {}
    return closed and bound.get("policyName") == POLICY and "Deny" in (bound.get("validationActions") or [])
