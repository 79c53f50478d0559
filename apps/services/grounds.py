"""The ground of an environment from its rows: whose it is and what its team's policy says, read under a lock.

Called by `submit`, with the application, and by `tenants`, alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from uuid import UUID

from django.db import connection

from apps.ground import Owners, ground
from apps.models import Environment
from apps.selectors.tenants import grants_bindings, policies
from apps.tenants import Policy
from apps.topology import images
from clusters.manifests import Manifest
from clusters.models import Cluster
from clusters.target import ClusterTarget
from paas.core.errors import Forbidden

_LOCK = "(hashtext('tenant policies'))"


def hold_policies() -> None:
    """Until the transaction ends nobody renders a ground by what is about to be old; those who have are awaited."""
    _take(f"SELECT pg_advisory_xact_lock{_LOCK}")


def held_policies(environment: Environment, clusters: Collection[Cluster]) -> dict[UUID, Policy]:
    """What holds for its team, by cluster; it stays so until the transaction ends."""
    _take(f"SELECT pg_advisory_xact_lock_shared{_LOCK}")
    return policies(environment.application.project.team, clusters)


def awaited(cluster: Cluster) -> bool:
    """Whether part of the ground waits until the cluster is joined again."""
    return not grants_bindings(cluster)


def ground_of(
    environment: Environment, cluster: Cluster, target: ClusterTarget, policy: Policy
) -> tuple[Manifest, ...]:
    """Its objects on one cluster, less what that does not grant: a refused binding would hold up all that follows."""
    if awaited(cluster):
        policy = replace(policy, groups=(), by_hand=False)
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


def _take(lock: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(lock)
