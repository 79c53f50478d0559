"""Which REST resource serves a kind: the well-known table first, then what discovery found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Resource:
    """A served kind. `plural` is its path segment; a cluster-scoped kind has `namespaced` False."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str = "", name: str = "") -> str:
        """REST path of the collection (all namespaces where `namespace` is empty) or, with `name`, of one object."""
        root = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        scope = f"/namespaces/{quote(namespace)}" if self.namespaced and namespace else ""
        return f"{root}{scope}/{self.plural}" + (f"/{quote(name)}" if name else "")


def _table(*rows: tuple[str, str, str, bool]) -> dict[tuple[str, str], Resource]:
    return {
        (api_version, kind): Resource(api_version, kind, plural, namespaced)
        for api_version, kind, plural, namespaced in rows
    }


WELL_KNOWN: Mapping[tuple[str, str], Resource] = _table(
    ("v1", "Namespace", "namespaces", False),
    ("v1", "Node", "nodes", False),
    ("v1", "ConfigMap", "configmaps", True),
    ("v1", "Secret", "secrets", True),
    ("v1", "Service", "services", True),
    ("v1", "ServiceAccount", "serviceaccounts", True),
    ("v1", "Pod", "pods", True),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", True),
    ("v1", "ResourceQuota", "resourcequotas", True),
    ("v1", "LimitRange", "limitranges", True),
    ("v1", "Event", "events", True),
    ("apps/v1", "Deployment", "deployments", True),
    ("apps/v1", "ReplicaSet", "replicasets", True),
    ("apps/v1", "StatefulSet", "statefulsets", True),
    ("apps/v1", "DaemonSet", "daemonsets", True),
    ("batch/v1", "Job", "jobs", True),
    ("batch/v1", "CronJob", "cronjobs", True),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", True),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", True),
    ("rbac.authorization.k8s.io/v1", "Role", "roles", True),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", True),
    ("storage.k8s.io/v1", "StorageClass", "storageclasses", False),
    ("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes", True),
    ("gateway.networking.k8s.io/v1", "Gateway", "gateways", True),
)


class Kinds:
    """Looks a kind up for one cluster.

    `discovered` is Cluster.resources: "group/version/Kind" (core group empty: "/v1/Pod") → {"plural", "namespaced"}.
    """

    def __init__(self, discovered: Mapping[str, Mapping[str, Any]]) -> None:
        self._discovered = discovered

    def find(self, api_version: str, kind: str) -> Resource | None:
        """The resource, or None where this cluster does not serve the kind.

        Before the first probe nothing is known to be unserved.
        """
        key = f"{api_version}/{kind}" if "/" in api_version else f"/{api_version}/{kind}"
        entry = self._discovered.get(key)
        if entry is not None:
            return Resource(api_version, kind, str(entry["plural"]), bool(entry["namespaced"]))
        return None if self._discovered else WELL_KNOWN.get((api_version, kind))

    def served(self) -> list[Resource]:
        """Every discovered resource, in stable order."""
        return [
            Resource(
                key.rpartition("/")[0].removeprefix("/"),
                key.rpartition("/")[2],
                str(entry["plural"]),
                bool(entry["namespaced"]),
            )
            for key, entry in sorted(self._discovered.items())
        ]
