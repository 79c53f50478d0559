"""A version of a secret of an environment: written once, read by the delivery loop alone."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.models.environment import Environment
from apps.models.names import NAME
from paas.core.encryption import EncryptedTextField


class SecretVersion(models.Model):
    """`values` is a JSON object of texts, encrypted; `keys` its keys in plain sight. Revoking empties the values.

    Where a store outside keeps the values, `references` says where each is (see `apps.external`) and `values` is empty.
    """

    permission_parent: ClassVar[str] = "environment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="secret_versions")
    name = models.CharField(max_length=63, validators=[NAME])
    version = models.PositiveIntegerField()
    keys = models.JSONField()
    values = EncryptedTextField()
    references = models.JSONField(default=dict, blank=True)
    max_age_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="From this age on the version is overdue for a successor."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "-version"]
        verbose_name = "secret"
        constraints = [
            models.UniqueConstraint(fields=["environment", "name", "version"], name="one_secret_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
