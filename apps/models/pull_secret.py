"""A version of a team's credential for a registry: written once, read by the delivery loop alone."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from paas.core.encryption import EncryptedTextField
from paas.identity.models import Team


class PullSecretVersion(models.Model):
    """`password` is encrypted. At most one version of a registry is in force; replacing and revoking empty the rest."""

    permission_parent: ClassVar[str] = "team"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    registry = models.CharField(max_length=253)
    version = models.PositiveIntegerField()
    username = models.CharField(max_length=253)
    password = EncryptedTextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["registry", "-version"]
        verbose_name = "pull secret"
        constraints = [
            models.UniqueConstraint(fields=["team", "registry", "version"], name="one_pull_secret_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.registry} v{self.version}"
