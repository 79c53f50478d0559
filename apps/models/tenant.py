"""What teams get on clusters: one layer of figures a row."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from clusters.models import Cluster
from paas.core.models import Versioned
from paas.identity.models import Team


class TenantPolicy(Versioned):
    """The figures and groups (apps.tenants) of a team on a cluster; without a cluster on all, without a team of all
    teams.

    `figures` and `groups` name only what this layer says: what it leaves out is that of the broader one.
    """

    permission_parent: ClassVar[str] = "team"

    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    cluster = models.ForeignKey(Cluster, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    figures = models.JSONField(default=dict)
    groups = models.JSONField(default=dict)

    class Meta:
        ordering = ["team__name", "cluster__name"]
        verbose_name_plural = "tenant policies"
        constraints = [
            models.UniqueConstraint(
                fields=["team", "cluster"], nulls_distinct=False, name="one_tenant_policy_per_team_and_cluster"
            )
        ]

    def __str__(self) -> str:
        return layer_name(self.team, self.cluster)


class TenantException(Versioned):
    """Other figures for a team, on a cluster or all, for a while. `owner` answers for it; it ends at `ends_at`."""

    permission_parent: ClassVar[str] = "team"

    class State(models.TextChoices):
        """What has become of it."""

        PROPOSED = "Proposed"
        IN_FORCE = "InForce"
        REFUSED = "Refused"
        ENDED = "Ended"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    cluster = models.ForeignKey(Cluster, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    figures = models.JSONField()
    days = models.PositiveSmallIntegerField()
    reason = models.TextField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    owner_name = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    decided_by_name = models.CharField(max_length=200, blank=True, default="")
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["team"], name="exceptions_in_force", condition=models.Q(state="InForce")),
        ]

    def __str__(self) -> str:
        return layer_name(self.team, self.cluster)


def layer_name(team: Team | None, cluster: Cluster | None) -> str:
    """As people call it: "crew on east", "all teams on east", "crew", "all teams"."""
    whose = team.name if team else "all teams"
    return f"{whose} on {cluster.name}" if cluster else whose
