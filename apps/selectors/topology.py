"""Reads for the tree of an application: what leads to what on each cluster, since when each object is there, and the
pods behind it.

A Work's tree follows from its manifests, which are large and change only with their digest: it is kept in the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.delivery import OWNER_KIND
from apps.topology import Tree, may_have_pods, tree
from clusters.manifests import Manifest
from clusters.models import OwnedObject, Work, WorkloadPods

MOST_KEPT = 2000
_kept: dict[tuple[UUID, str], Tree] = {}


@dataclass(frozen=True, slots=True)
class Topology:
    """By Work (as text): its tree. By Work and object: since when it is there, and the pods that were last seen."""

    trees: Mapping[str, Tree]
    since: Mapping[tuple[str, str], datetime]
    pods: Mapping[tuple[str, str], WorkloadPods]


def topology(environment_ids: Iterable[UUID | str]) -> Topology:
    """Of all Works of these environments; three queries, a fourth after a change."""
    works = Work.objects.filter(owner_kind=OWNER_KIND, owner_id__in=list(environment_ids))
    digests = dict(works.values_list("pk", "digest"))
    missing = [pk for pk, digest in digests.items() if (pk, digest) not in _kept]
    if missing:
        _read(missing)
    rows = OwnedObject.objects.filter(work__in=list(digests), gone_at=None)
    objects = list(rows.values_list("work_id", "cluster_id", "oid", "created_at"))
    return Topology(
        {str(pk): _kept[pk, digest] for pk, digest in digests.items() if (pk, digest) in _kept},
        {(str(work), oid): at for work, _, oid, at in objects},
        _pods({(cluster, oid): str(work) for work, cluster, oid, _ in objects if may_have_pods(oid)}),
    )


def _pods(owners: Mapping[tuple[UUID, str], str]) -> dict[tuple[str, str], WorkloadPods]:
    """By Work and workload; `owners`: (cluster, workload) → Work."""
    clusters, workloads = {cluster for cluster, _ in owners}, {oid for _, oid in owners}
    rows = WorkloadPods.objects.filter(cluster_id__in=clusters, oid__in=workloads)
    found = {(row.cluster_id, row.oid): row for row in rows}
    return {(owners[key], key[1]): row for key, row in found.items() if key in owners}


def _read(ids: Iterable[UUID]) -> None:
    if len(_kept) > MOST_KEPT:
        _kept.clear()
    for pk, digest, manifests in Work.objects.filter(pk__in=ids).values_list("pk", "digest", "manifests"):
        _kept[pk, digest] = tree(Manifest.from_json(each) for each in manifests)
