"""Which change of ours asked for which objects and what was written for it: from a live object to a click, and back."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from paas.core.models import TransactionId
from paas.identity.models import Team


class WorkChange(models.Model):
    """A generation of a Work. Written by `work` with the desired side, in the transaction of the change.

    `changed` holds the ids (str(ObjectId)) of what this generation asks to be written or removed, `transaction` is that
    of the audit events of the change. Names stand in it as they were: it stays when Work and cluster are gone.
    """

    permission_parent: ClassVar[str] = "team"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    work_id = models.UUIDField()
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    cluster = models.CharField(max_length=63)
    owner_kind = models.CharField(max_length=63)
    owner_id = models.UUIDField()
    owner_name = models.CharField(max_length=200)
    name = models.CharField(max_length=63)
    generation = models.BigIntegerField()
    release = models.CharField(max_length=64, blank=True, default="")
    changed = models.JSONField(default=list)
    at = models.DateTimeField(auto_now_add=True)
    transaction = models.BigIntegerField(db_default=TransactionId(), editable=False)

    class Meta:
        ordering = ["-at"]
        verbose_name = "change"
        constraints = [models.UniqueConstraint(fields=["work_id", "generation"], name="one_change_per_generation")]
        indexes = [models.Index(fields=["transaction"], name="change_by_transaction")]

    def __str__(self) -> str:
        return f"{self.owner_name}/{self.name}@{self.cluster} generation {self.generation}"


class ApiCall(models.Model):
    """A write that a cluster has taken from us for a generation of a Work. Written by `reconcile`, never changed.

    `uid` and `resource_version` are those of the cluster's answer; of a delete, those that it was asked for. The one
    write whose answer died with its worker is missing: its object is written again for the same generation.
    """

    class Verb(models.TextChoices):
        APPLY = "apply"
        DELETE = "delete"
        RELEASE = "release"

    id = models.BigAutoField(primary_key=True)
    work_id = models.UUIDField()
    generation = models.BigIntegerField()
    oid = models.CharField(max_length=400)
    verb = models.CharField(max_length=7, choices=Verb.choices)
    uid = models.CharField(max_length=64)
    resource_version = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name = "API call"
        indexes = [
            models.Index(fields=["work_id", "generation"], name="call_by_change"),
            BrinIndex(fields=["at"], name="call_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.oid} {self.resource_version}"
