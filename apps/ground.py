"""The ground of an environment on a cluster: its namespace, who may do what there, how much it may hold, and who may
connect to whom.

A Work of its own, delivered before the application's, made anew when the team's policy changes (`services.tenants`).
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apps.naming import LABEL_LIMIT, MANAGED_BY, fingerprint, shorten
from apps.network import dns
from apps.pod import SERVICE_ACCOUNT
from apps.tenants import COUNTED, PLATFORM, ROLES, Policy
from clusters.manifests import Body, Manifest, manifest, ordered
from clusters.target import ClusterTarget

LABEL_ENVIRONMENT = "dougong.dev/environment"
"""By this label the fence, the gateways and the watchers know a namespace of ours."""

ANNOTATION_REGISTRIES = "dougong.dev/registries"
"""By this one the member's policy dougong-registries knows where images may come from."""

WRITER = {"namespace": "dougong-system", "name": "dougong-writer"}
WRITER_ROLE = "dougong-namespace-writer"

TEAM_ACCOUNT = "dougong-team"
"""As `clusters.terminal` speaks for it."""
TEAM_ROLE = "dougong-team-exec"

QUOTA, DEFAULTS, ISOLATION = "dougong-quota", "dougong-defaults", "dougong-isolation"


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


def ground(namespace: str, owners: Owners, target: ClusterTarget, policy: Policy = PLATFORM) -> tuple[Manifest, ...]:
    """Namespace, the applications' service account, our writer's rights and those of groups, quota, defaults of
    containers and the walls around the namespace, in apply order.
    """
    parts = [
        _namespace(namespace, owners, target, policy),
        _service_account(namespace),
        _writer(namespace),
        *_team(namespace, policy),
        *_groups(namespace, policy),
        *_quota(namespace, policy),
        _defaults(namespace),
        _isolation(namespace, target, policy),
    ]
    return ordered(parts)


def _namespace(namespace: str, owners: Owners, target: ClusterTarget, policy: Policy) -> Manifest:
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
    metadata: Body = {"name": namespace, "labels": labels}
    if policy.registries:
        metadata["annotations"] = {ANNOTATION_REGISTRIES: ",".join(policy.registries)}
    return manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def _service_account(namespace: str, name: str = SERVICE_ACCOUNT) -> Manifest:
    return manifest(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": _metadata(namespace, name),
            "automountServiceAccountToken": False,
        }
    )


def _team(namespace: str, policy: Policy) -> tuple[Manifest, ...]:
    """The account as which people of the team act by hand, and what it may: nothing where the cluster was not joined
    with terminals, for then there is no such role.
    """
    if not policy.by_hand:
        return ()
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": _metadata(namespace, TEAM_ROLE),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": TEAM_ROLE},
        "subjects": [{"kind": "ServiceAccount", "namespace": namespace, "name": TEAM_ACCOUNT}],
    }
    return _service_account(namespace, TEAM_ACCOUNT), manifest(binding)


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


def _groups(namespace: str, policy: Policy) -> Iterator[Manifest]:
    """A binding for each role that a group of the cluster's own directory has."""
    for role in ROLES:
        names = [name for name, held in policy.groups if held == role]
        if names:
            group = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io"}
            yield manifest(
                {
                    "apiVersion": "rbac.authorization.k8s.io/v1",
                    "kind": "RoleBinding",
                    "metadata": _metadata(namespace, f"dougong-team-{role}"),
                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                    "subjects": [{**group, "name": name} for name in names],
                }
            )


def _quota(namespace: str, policy: Policy) -> tuple[Manifest, ...]:
    """What all that the namespace holds may come to; none where nothing is limited."""
    hard = {counted: str(limit) for name, counted in COUNTED.items() if (limit := getattr(policy, name)) is not None}
    body = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": _metadata(namespace, QUOTA),
        "spec": {"hard": hard},
    }
    return (manifest(body),) if hard else ()


def _defaults(namespace: str) -> Manifest:
    """Where a quota counts, a pod that asks for nothing is refused. Ours always ask; a person's, for a look round, may
    not.
    """
    limits = {
        "type": "Container",
        "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
        # No limit of CPU: a container of ours that names none is to have none.
        "default": {"memory": "256Mi"},
    }
    return manifest(
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": _metadata(namespace, DEFAULTS),
            "spec": {"limits": [limits]},
        }
    )


def _isolation(namespace: str, target: ClusterTarget, policy: Policy) -> Manifest:
    """Pods of the namespace among themselves, the gateway, and DNS; the block `egress` opens more. Policies add up, so
    with open egress this one says nothing of it, and a block may still close it for its process.
    """
    inside: Body = {"podSelector": {}}
    gateway: list[Body] = [_pods_of(target.gateway.namespace)] if target.gateway else []
    spec: Body = {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [inside, *gateway]}],
    }
    if not policy.open_egress:
        spec["policyTypes"] = ["Ingress", "Egress"]
        spec["egress"] = [dns(), {"to": [inside, *gateway]}]
    return manifest(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": _metadata(namespace, ISOLATION),
            "spec": spec,
        }
    )


def _pods_of(namespace: str) -> Body:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def _metadata(namespace: str, name: str) -> dict[str, object]:
    return {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": MANAGED_BY}}
