"""Late creates: an object under the claim of a tombstone is ours and wanted by nobody.

A writer that died may have sent it before its Work was removed. It is given to a retired Work of the cluster itself,
which removes it like any other, by uid, with back-off and conditions that people can read. Called by the watcher.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from clusters.due import due
from clusters.models import Lane, OwnedObject, Work

OWNER_KIND, OWNER_NAME, NAME = "cluster", "dougong", "orphans"


def take_in(cluster_id: UUID, claim: str, uid: str) -> bool:
    """Let the row of the tombstone with this claim live again and be removed; False where there is none."""
    with transaction.atomic():
        graves = OwnedObject.objects.select_for_update().filter(cluster_id=cluster_id, claim=claim)
        grave = graves.filter(gone_at__isnull=False).first()
        if grave is None or OwnedObject.objects.filter(cluster_id=cluster_id, oid=grave.oid, gone_at=None).exists():
            return False
        work, _ = Work.objects.select_for_update().get_or_create(
            cluster_id=cluster_id, owner_kind=OWNER_KIND, owner_id=cluster_id, name=NAME,
            defaults={"owner_name": OWNER_NAME, "intent": Work.Intent.RETIRED, "digest": ""},
        )  # fmt: skip
        grave.gone_at, grave.work, grave.uid = None, work, uid
        grave.save(update_fields=["gone_at", "work", "uid"])
        # A new generation: an attempt that ends just now has not seen this row and must not take the Work away.
        work.generation += 1
        work.retirement = sorted({*work.retirement, grave.oid})
        work.save(update_fields=["generation", "retirement"])
        due(Work.objects.filter(pk=work.pk), Lane.DRIFT)
    return True
