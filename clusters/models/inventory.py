"""The inventory: one row for each object that we may have written, committed before the first write."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q, Value

from clusters.models.cluster import Cluster
from clusters.models.work import Work


class OwnedObjects(models.Manager["OwnedObject"]):
    """Questions to the inventory."""

    def kinds(self, cluster_id: uuid.UUID) -> list[tuple[str, str]]:
        """(apiVersion, kind) of what is owned on a cluster, sorted."""
        kind = Func(F("oid"), Value("/"), Value(2), function="split_part", output_field=models.CharField())
        rows = self.filter(cluster_id=cluster_id, gone_at=None).annotate(kind=kind).order_by()
        return sorted(rows.values_list("api_version", "kind").distinct())


class OwnedObject(models.Model):
    """An object on a cluster that carries (or is about to carry) our claim.

    `oid` is str(ObjectId): "group/Kind/namespace/name". A row whose object is verifiably gone stays a day as a
    tombstone (`gone_at`), so that a late create under its claim is found and deleted. `sent_digest` is of what we sent,
    `live_digest` of the live object cut to our fields; for Secrets both are HMACs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    work = models.ForeignKey(Work, on_delete=models.SET_NULL, null=True, related_name="objects_owned")
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="+")
    oid = models.CharField(max_length=400)
    api_version = models.CharField(max_length=120)
    namespace = models.CharField(max_length=63, blank=True, default="")
    claim = models.CharField(max_length=32)
    uid = models.CharField(max_length=64, blank=True, default="")
    phase = models.PositiveSmallIntegerField(default=0)
    sent_digest = models.CharField(max_length=64, blank=True, default="")
    live_digest = models.CharField(max_length=64, blank=True, default="")
    resource_version = models.CharField(max_length=40, blank=True, default="")
    health = models.CharField(max_length=12, default="Unknown")
    reason = models.CharField(max_length=80, blank=True, default="")
    message = models.TextField(blank=True, default="")
    done = models.CharField(
        max_length=64, blank=True, default="", help_text="Release whose one-off task this object finished."
    )
    fights = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True, help_text="Fields that others set back."
    )
    gone_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[OwnedObjects] = OwnedObjects()

    class Meta:
        ordering = ["phase", "oid"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "oid"], condition=Q(gone_at=None), name="one_owner_per_object")
        ]
        indexes = [
            models.Index(fields=["cluster", "claim"], name="object_by_claim"),
            models.Index(fields=["cluster", "namespace"], name="object_by_namespace"),
        ]

    def __str__(self) -> str:
        return self.oid
