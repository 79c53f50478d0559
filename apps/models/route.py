"""Who has a host and path on a cluster: one environment, or nobody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.models.environment import Environment
from clusters.models import Cluster


class RouteClaim(models.Model):
    """Follows what is desired; when the environment leaves a cluster, held until its last object there is gone."""

    permission_parent: ClassVar[str] = "environment"

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="+")
    host = models.CharField(max_length=253)
    path = models.CharField(max_length=512)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="route_claims")

    class Meta:
        ordering = ["host", "path"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "host", "path"], name="one_environment_per_host_and_path")
        ]

    def __str__(self) -> str:
        return f"{self.host}{self.path}"
