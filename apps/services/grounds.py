"""The ground of an environment from its rows: whose it is and what its team's policy says, read under a lock.

Called by `submit`, with the application, and by `tenants`, alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from uuid import UUID

from apps.ground import Owners, ground
from apps.models import Environment
from apps.selectors.tenants import grants_bindings, grants_logs, policies
from apps.tenants import Policy
from apps.topology import images
from clusters.manifests import Manifest
from clusters.models import Cluster
from clusters.target import ClusterTarget
from paas.core.errors import Forbidden
from paas.core.rows import held

_POLICIES = "tenant policies"


def hold_policies() -> None:
    """Until the transaction ends nobody renders a ground by what is about to be old; those who have are awaited."""
    held(_POLICIES)


def held_policies(environment: Environment, clusters: Collection[Cluster]) -> dict[UUID, Policy]:
    """What holds for its team, by cluster; it stays so until the transaction ends."""
    held(_POLICIES, shared=True)
    return policies(environment.application.project.team, clusters)


def awaited(cluster: Cluster) -> bool:
    """Whether part of the ground waits until the cluster is joined again."""
    return not grants_logs(cluster)


def ground_of(
    environment: Environment, cluster: Cluster, target: ClusterTarget, policy: Policy
) -> tuple[Manifest, ...]:
    """Its objects on one cluster, less what that does not grant: a refused binding would hold up all that follows."""
    if not grants_bindings(cluster):
        policy = replace(policy, groups=(), by_hand=False)
    if not grants_logs(cluster):
        policy = replace(policy, reads_logs=False)
    application = environment.application
    project = application.project
    owners = Owners(project.team.name, project.name, application.name, environment.name, str(environment.pk))
    return ground(environment.namespace, owners, target, policy)


def refuse_registries(cluster: Cluster, manifests: Iterable[Manifest], policy: Policy) -> None:
    """Say at once what the cluster would say of each pod.

    Raises:
        Forbidden: `registry_not_allowed`.
    """
    refused = sorted({image for each in manifests for image in images(each) if not policy.allows(image)})
    if refused:
        raise Forbidden(
            "registry_not_allowed",
            f"On {cluster.name} these images may not run: {', '.join(refused)}.",
            rule=f"Images of your team come from {', '.join(policy.registries)} there.",
            remedy="Push the image to one of these, or ask an operator: `dougong tenant set registries=…`.",
        )
