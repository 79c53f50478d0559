"""What takes most of a team's quotas: processes of its fullest environments. Three queries, whatever there is.

Pods are those that were seen last; what each asks for is as it is desired. Nothing here asks a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from apps.delivery import APPLICATION, OWNER_KIND
from apps.selectors.tenants import usage
from apps.spread import COMPONENT, REPLICATED
from clusters.manifests import ObjectId
from clusters.models import Work, WorkloadPods
from clusters.quantity import quantity
from paas.identity.models import Team

MOST_ENVIRONMENTS = 10


@dataclass(frozen=True, slots=True)
class Consumer:
    """A process in an environment on a cluster: how many pods it has, what they ask for together in cores and bytes,
    and the larger of the two as a part, from 0 to 1, of what all these processes ask for.
    """

    environment: str
    cluster: str
    process: str
    pods: int
    cpu: Decimal
    memory: Decimal
    part: Decimal = Decimal(0)


def consumers(team: Team) -> list[Consumer]:
    """Of the team's environments with the fullest quotas, those first that ask for most."""
    fullest = usage(team)[:MOST_ENVIRONMENTS]
    works = Work.objects.filter(
        team=team,
        owner_kind=OWNER_KIND,
        name=APPLICATION,
        owner_name__in={each.environment for each in fullest},
        cluster__name__in={each.cluster for each in fullest},
    ).select_related("cluster")
    pairs = {(each.environment, each.cluster) for each in fullest}
    desired = [
        (work, each["body"])
        for work in works
        if (work.owner_name, work.cluster.name) in pairs
        for each in work.manifests
        if each["body"]["kind"] in REPLICATED
    ]
    oids = {str(ObjectId.of(body)) for _, body in desired}
    rows = WorkloadPods.objects.filter(cluster__in={work.cluster_id for work, _ in desired}, oid__in=oids)
    pods = {(row.cluster_id, row.oid): row.total for row in rows}
    found = [_consumer(work, body, pods.get((work.cluster_id, str(ObjectId.of(body))), 0)) for work, body in desired]
    cores = sum((each.cpu for each in found), Decimal(0)) or 1
    size = sum((each.memory for each in found), Decimal(0)) or 1
    shared = [replace(each, part=max(each.cpu / cores, each.memory / size)) for each in found if each.pods]
    return sorted(shared, key=lambda each: (-each.part, each.environment, each.cluster, each.process))


def _consumer(work: Work, body: Mapping[str, Any], pods: int) -> Consumer:
    template = body["spec"]["template"]["spec"]
    asked = [each["resources"]["requests"] for each in template["containers"]]
    cpu, memory = (sum((quantity(each.get(name, "0")) for each in asked), Decimal(0)) for name in ("cpu", "memory"))
    process = body["metadata"]["labels"][COMPONENT]
    return Consumer(work.owner_name, work.cluster.name, process, pods, cpu * pods, memory * pods)
