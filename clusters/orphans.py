"""Objects that live though they were removed: ours by the claim of a tombstone, and wanted by nobody.

A writer that died may have sent one before its Work was removed; an etcd put back to an earlier revision brings many
back at once. They are given to a retired Work of the cluster itself, which removes them like any other, by uid, with
back-off and conditions that people can read. Called by the watcher; of Secrets, which it never sees, by `reconcile`.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from clusters.due import due
from clusters.models import Lane, OwnedObject, Work

OWNER_KIND, OWNER_NAME, NAME = "cluster", "dougong", "orphans"
KEPT = "Kept"  # the reason of a tombstone whose object was given up, not deleted


def take_in(cluster_id: UUID, claim: str) -> bool:
    """Look for all that was removed where one of it, with this claim, was seen; False where no tombstone has it.

    What brought one back may have brought back more: a namespace and all that was in it, and Secrets, never watched.
    """
    graves = OwnedObject.objects.filter(cluster_id=cluster_id, claim=claim, gone_at__isnull=False)
    return graves.exists() and exhume(cluster_id)


def exhume(cluster_id: UUID) -> bool:
    """Let the rows of the cluster's tombstones live again and be removed; False where there are none.

    Without a uid each is read by name and told by its claim, and so most are found to be gone. What was given up is
    given up again; what else was removed may go again, whatever its kind.
    """
    with transaction.atomic():
        in_force = OwnedObject.objects.filter(cluster_id=cluster_id, gone_at=None)
        graves = OwnedObject.objects.select_for_update().filter(cluster_id=cluster_id, gone_at__isnull=False)
        found = {grave.oid: grave for grave in graves.exclude(oid__in=in_force.values("oid")).order_by("gone_at")}
        if not found:
            return False
        work, _ = Work.objects.select_for_update().get_or_create(
            cluster_id=cluster_id, owner_kind=OWNER_KIND, owner_id=cluster_id, name=NAME,
            defaults={"owner_name": OWNER_NAME, "intent": Work.Intent.RETIRED, "digest": ""},
        )  # fmt: skip
        graves = OwnedObject.objects.filter(pk__in=[grave.pk for grave in found.values()])
        graves.update(gone_at=None, work=work)
        # A new generation: an attempt that ends just now has not seen these rows and must not take the Work away.
        work.generation += 1
        named = {oid for oid, grave in found.items() if grave.reason != KEPT}
        work.retirement = sorted({*work.retirement, *named})
        work.save(update_fields=["generation", "retirement"])
        due(Work.objects.filter(pk=work.pk), Lane.DRIFT)
    return True
