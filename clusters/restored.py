"""A cluster whose etcd was put back to an earlier revision: what is stored of it may be of a time it never had.

The numbers that its objects had will be given to other states, and what was removed may live again. The watcher sees it
by a list that is older than the one before, the sweep by numbers that the cluster has not reached.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import BigIntegerField, Max, Q
from django.db.models.functions import Cast

from clusters.models import OwnedObject
from clusters.orphans import exhume

# Kept in the cluster's own etcd; what an aggregated API server keeps is numbered by that.
_BUILT_IN = Q(oid__startswith="core/") | Q(oid__startswith="apps/")


def newest(cluster_id: UUID) -> int:
    """The highest resourceVersion that is recorded of an object of the cluster."""
    rows = OwnedObject.objects.filter(
        _BUILT_IN, cluster_id=cluster_id, gone_at=None, resource_version__regex="^[0-9]+$"
    )
    found: int | None = rows.aggregate(newest=Max(Cast("resource_version", BigIntegerField())))["newest"]
    return found or 0


def distrust(cluster_id: UUID) -> bool:
    """Forget the recorded numbers and look for all that was removed; False where no number was left to forget."""
    exhume(cluster_id)
    rows = OwnedObject.objects.filter(cluster_id=cluster_id, gone_at=None).exclude(resource_version="")
    return bool(rows.update(resource_version=""))
