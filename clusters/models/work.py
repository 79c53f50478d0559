"""Work: what shall live on one cluster for one owner. The table is the queue.

`work` (services) writes the desired side, `reconcile` the observed side; neither touches the other's columns.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from clusters.models.cluster import Cluster
from paas.identity.models import Team


class Lane(models.IntegerChoices):
    """Why a Work is due; lower goes first. A Work's lane only rises and stays edit until the generation is Healthy."""

    EDIT = 0, "edit"
    DRIFT = 1, "drift"
    SWEEP = 2, "sweep"


class Work(models.Model):
    """Desired manifests of one owner on one cluster, and how far the cluster agrees.

    `manifests` is a list of Manifest.to_json() values. `removable` holds the ids (str(ObjectId)) that a stored change
    named: only these may be pruned. `waits_for` are Works that must be Healthy first. `release` is stamped on every
    object as an annotation.
    """

    class Intent(models.TextChoices):
        PRESENT = "present"
        RETIRED = "retired"

    permission_parent: ClassVar[str] = "team"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="works")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    owner_kind = models.CharField(max_length=63)
    owner_id = models.UUIDField()
    owner_name = models.CharField(max_length=200)
    name = models.CharField(
        max_length=63, help_text="Which of the owner's Works on this cluster, e.g. ground or application."
    )
    waits_for = models.ManyToManyField("self", symmetrical=False, related_name="waited_by", blank=True)

    # desired: written by services only
    intent = models.CharField(max_length=8, choices=Intent.choices, default=Intent.PRESENT)
    manifests = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    target_digest = models.CharField(max_length=64, blank=True, default="")
    renderer = models.PositiveIntegerField(default=1)
    release = models.CharField(max_length=64, blank=True, default="")
    generation = models.BigIntegerField(default=1)
    removable = models.JSONField(default=list)
    retirement = models.JSONField(default=list, help_text="Ids of protected objects that this retirement names.")
    deadline_at = models.DateTimeField(null=True)

    # observed: written by reconcile only (submit resets the schedule)
    observed_generation = models.BigIntegerField(default=0)
    settled_generation = models.BigIntegerField(default=0, help_text="Last generation that was Healthy once.")
    health = models.CharField(max_length=12, default="Unknown")
    conditions = models.JSONField(default=list)
    reported = models.JSONField(default=dict, help_text="Held, kept and foreign objects, for people.")
    lane = models.PositiveSmallIntegerField(choices=Lane.choices, default=Lane.EDIT)
    next_check_at = models.DateTimeField(null=True, db_default=Now())
    nudges = models.PositiveBigIntegerField(
        default=0, help_text="Events so far; one that comes during an attempt is seen."
    )
    not_before = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = gettext_lazy("work")
        verbose_name_plural = gettext_lazy("works")
        ordering = ["owner_name", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "owner_kind", "owner_id", "name"], name="one_work_per_owner_and_name"
            )
        ]
        indexes = [
            models.Index(fields=["cluster", "lane", "next_check_at"], name="work_due"),
            models.Index(fields=["created_at", "id"], name="work_page"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_name}/{self.name}@{self.cluster.name}"
