"""A release: what was delivered to an environment, as it was. A trigger refuses UPDATE and DELETE."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.models.environment import Environment


class Release(models.Model):
    """Image, spec (AppSpec.to_json()), app file and secret versions ({name: version}) under one number per environment.

    `rolled_back_to` is the release whose content this one repeats.
    """

    permission_parent: ClassVar[str] = "environment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    image = models.CharField(max_length=512)
    spec = models.JSONField()
    app_file = models.JSONField()
    secrets = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_by_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True, default="")
    rolled_back_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["environment", "number"], name="one_release_per_number")]
        indexes = [
            models.Index(fields=["environment", "-created_at"], name="release_by_environment"),
            models.Index(fields=["-created_at", "id"], name="release_page"),
        ]

    def __str__(self) -> str:
        return f"r{self.number}"
