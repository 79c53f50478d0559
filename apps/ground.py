"""The ground of an environment on a cluster: its namespace, and who may do what there.

A Work of its own, delivered before the application's. Quota, limits and network policy will join it here. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.naming import LABEL_LIMIT, MANAGED_BY, fingerprint, shorten
from apps.pod import SERVICE_ACCOUNT
from clusters.manifests import Manifest, manifest, ordered
from clusters.target import ClusterTarget

LABEL_ENVIRONMENT = "dougong.dev/environment"
"""By this label the fence, the gateways and the watchers know a namespace of ours."""

WRITER = {"namespace": "dougong-system", "name": "dougong-writer"}
WRITER_ROLE = "dougong-namespace-writer"


@dataclass(frozen=True)
class Owners:
    """Whose namespace it is: names, and the environment's id as text."""

    team: str
    project: str
    application: str
    environment: str
    environment_id: str


def namespace_name(project: str, application: str, environment: str, environment_id: str) -> str:
    """<project>-<application>-<environment>-<8 hex digits of the id's hash>, at most 63 characters.

    Made once, when the environment is created, and stored; never computed again.
    """
    suffix = fingerprint(environment_id)
    stem = shorten(f"{project}-{application}-{environment}", LABEL_LIMIT - len(suffix) - 1)
    return f"{stem}-{suffix}"


def ground(namespace: str, owners: Owners, target: ClusterTarget) -> tuple[Manifest, ...]:
    """Namespace, the applications' service account, and our writer's rights there, in apply order."""
    return ordered((_namespace(namespace, owners, target), _service_account(namespace), _writer(namespace)))


def _namespace(namespace: str, owners: Owners, target: ClusterTarget) -> Manifest:
    labels = {
        "app.kubernetes.io/managed-by": MANAGED_BY,
        LABEL_ENVIRONMENT: owners.environment_id,
        "dougong.dev/team": owners.team,
        "dougong.dev/project": owners.project,
        "dougong.dev/application": owners.application,
    }
    for mode in ("enforce", "audit", "warn"):
        labels[f"pod-security.kubernetes.io/{mode}"] = "restricted"
        # Pinned: an upgrade of the cluster must not forbid what runs.
        labels[f"pod-security.kubernetes.io/{mode}-version"] = target.pod_security
    return manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})


def _service_account(namespace: str) -> Manifest:
    return manifest(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": _metadata(namespace, SERVICE_ACCOUNT),
            "automountServiceAccountToken": False,
        }
    )


def _writer(namespace: str) -> Manifest:
    """Rights on Secrets, logs and exec, which our writer has in namespaces of ours only."""
    return manifest(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": _metadata(namespace, WRITER["name"]),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": WRITER_ROLE},
            "subjects": [{"kind": "ServiceAccount", **WRITER}],
        }
    )


def _metadata(namespace: str, name: str) -> dict[str, object]:
    return {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": MANAGED_BY}}
