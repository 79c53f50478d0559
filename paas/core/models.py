"""The rows of paas.core: the audit trail, filters that people keep, and the base of what is edited under ETag."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse


class Versioned(models.Model):
    """Abstract: a row whose `version` rises with each edit and is its ETag. Services write it by `save_version`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def save_version(self, *fields: str) -> None:
        """Save these fields and raise the version; the caller holds the row's lock."""
        self.version += 1
        self.save(update_fields=[*fields, "version", "updated_at"])


class SavedFilter(models.Model):
    """A query of a list that a person keeps under a name. `page` names the list: `applications_application`."""

    permission_scope: ClassVar[str] = "operators"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    page = models.CharField(max_length=100)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="one_filter_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def href(self) -> str:
        """Where it leads."""
        return f"{reverse(f'admin:{self.page}_changelist')}?{self.query}"


class AuditEvent(models.Model):
    """Who did what to which object, written in the transaction of the change. A trigger refuses UPDATE and DELETE."""

    permission_scope: ClassVar[str] = "operators"

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=100)
    object_type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=300)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_object"),
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["at"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.object_type} {self.object_name}"
