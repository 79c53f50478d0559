"""Whom a Work waits for: an undelivered generation for unready Works, a retired Work for those that still need it.

Called by `choose`, inside its transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from clusters import bulk
from clusters.manifests import ObjectId
from clusters.models import Work

_UNREADY = """
    SELECT edge.from_work_id, edge.to_work_id
    FROM clusters_work_waits_for AS edge JOIN clusters_work AS awaited ON awaited.id = edge.to_work_id
    WHERE edge.from_work_id = ANY(%s)
        AND (awaited.settled_generation < awaited.generation OR awaited.intent = 'retired')
"""


def waiting_for(
    cluster_id: UUID, fresh: Collection[UUID], retired: Mapping[UUID, Iterable[ObjectId]]
) -> dict[UUID, tuple[str, ...]]:
    """Work → the names of those it waits for, if any; `retired`: Work → the ids of its objects.

    What has been delivered once (and so is not `fresh`) does not wait again: it is repaired at once, whatever becomes
    of what it waited for.
    """
    found: dict[UUID, tuple[str, ...]] = {}
    edges = bulk.read(_UNREADY, [[*fresh]]) if fresh else []
    if retired:
        needed = Work.waits_for.through.objects.filter(to_work_id__in=[*retired])
        edges += needed.values_list("to_work_id", "from_work_id")
    if edges:
        others = Work.objects.filter(pk__in={other for _, other in edges}).select_related("cluster")
        names = {other.pk: str(other) for other in others.only("owner_name", "name", "cluster__name")}
        for pk, other in edges:
            if other in names:  # it may just have gone
                found[pk] = (*found.get(pk, ()), names[other])
    for pk, oids in retired.items():
        found[pk] = tuple(dict.fromkeys((*found.get(pk, ()), *_inhabitants(cluster_id, pk, oids))))
    return found


def _inhabitants(cluster_id: UUID, pk: UUID, oids: Iterable[ObjectId]) -> list[str]:
    """Other Works with objects in the namespaces among these, which would go along."""
    namespaces = {oid.name for oid in oids if oid.kind == "Namespace" and not oid.group}
    if not namespaces:
        return []
    others = Work.objects.filter(
        objects_owned__cluster_id=cluster_id, objects_owned__namespace__in=namespaces, objects_owned__gone_at=None
    )
    return sorted(str(each) for each in others.exclude(pk=pk).select_related("cluster").distinct())
