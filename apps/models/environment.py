"""An environment of an application: where it runs, what runs there, and how that is.

`services` write Environment and Placement; EnvironmentStatus is written when something was observed
(`services.observe`) and by nobody else, so that the two never wait for each other's rows.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.models.application import Application
from apps.models.names import NAME
from clusters.models import Cluster
from paas.core.models import Versioned


class Environment(Versioned):
    """`placement` is what the app file or a person said: {"clusters": [names]} or {"selector": {label: value}}, where
    replicas are divided with {"replicas": "divided", "weights": {cluster: number}}; Placement rows are what came of it.
    `namespace` is its namespace on every cluster, made once and never computed again. `generation` rises with each
    change of what is desired. `exec_allowed`: terminals may be opened in its containers. `protected`: what is new there
    is approved by a second person.
    """

    permission_parent: ClassVar[str] = "application"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="environments")
    name = models.CharField(max_length=63, validators=[NAME])
    namespace = models.CharField(max_length=63, unique=True)
    placement = models.JSONField(default=dict, blank=True)
    current_release = models.ForeignKey(
        "applications.Release", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    generation = models.BigIntegerField(default=0)
    exec_allowed = models.BooleanField(default=False)
    protected = models.BooleanField(default=False)
    retiring_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "name"], condition=Q(retired_at=None), name="one_environment_per_name"
            )
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="environment_page")]

    def __str__(self) -> str:
        return f"{self.application.name}/{self.name}"


class EnvironmentStatus(models.Model):
    """The Works of an environment added up, for lists; pages of one application add up the Works themselves."""

    permission_parent: ClassVar[str] = "environment"

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, primary_key=True, related_name="status")
    health = models.CharField(max_length=12, default="Unknown")
    conditions = models.JSONField(default=list)
    observed_generation = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.environment_id}: {self.health}"


class StatusDue(models.Model):
    """An environment whose status has to be added up again; written in the transaction of what changed.

    No foreign key and no uniqueness: writing one takes no lock that another transaction could wait for.
    """

    permission_scope: ClassVar[str] = "operators"

    environment_id = models.UUIDField()

    def __str__(self) -> str:
        return str(self.environment_id)


GROUND_WAITS = models.Q(ground_due=True) | models.Q(grants_awaited=True)


class Placement(models.Model):
    """An environment on a cluster: from which facts and by which renderer it was rendered, and what was left out.

    `next_turn_at` is when a scaler there gets other bounds by its timetable; `ground_due` that the policy of its team
    has changed since its ground was rendered; `grants_awaited` that the cluster has to be joined again for all of it.
    """

    permission_parent: ClassVar[str] = "environment"

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="placements")
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="+")
    target_digest = models.CharField(max_length=64)
    renderer = models.PositiveIntegerField()
    notes = models.JSONField(default=list, blank=True)
    next_turn_at = models.DateTimeField(null=True, blank=True, db_index=True)
    ground_due = models.BooleanField(default=False, db_default=False)
    grants_awaited = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["cluster__name"]
        constraints = [models.UniqueConstraint(fields=["environment", "cluster"], name="one_placement_per_cluster")]
        indexes = [models.Index(fields=["id"], name="grounds_due", condition=GROUND_WAITS)]

    def __str__(self) -> str:
        return f"{self.environment_id} on {self.cluster_id}"
