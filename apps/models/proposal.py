"""A release of a protected environment that waits for a second person."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.models.environment import Environment
from apps.models.release import Release


class ReleaseProposal(models.Model):
    """What was proposed: app file, image, spec and secret versions as they came to then, and the release before them.

    `digest` is of the spec, its label apart, and of the clusters: approving makes exactly this, or nothing. The row is
    written once more, when it is decided; past `expires_at` it cannot be any more.
    """

    permission_parent: ClassVar[str] = "environment"

    class State(models.TextChoices):
        PENDING = "Pending"
        APPROVED = "Approved"
        DECLINED = "Declined"
        SUPERSEDED = "Superseded"

    EXPIRED: ClassVar[str] = "Expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="proposals")
    based_on = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, related_name="+")
    app_file = models.JSONField()
    image = models.CharField(max_length=512)
    spec = models.JSONField()
    secrets = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    reason = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    proposed_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    decided_by_name = models.CharField(max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True, default="")
    release = models.OneToOneField(Release, on_delete=models.PROTECT, null=True, related_name="proposal")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["environment", "-created_at"], name="proposal_by_environment"),
            models.Index(fields=["-created_at"], condition=models.Q(state="Pending"), name="proposal_pending"),
        ]

    def __str__(self) -> str:
        return f"release of {self.environment}"

    @property
    def version(self) -> int:
        """Its ETag."""
        return 1 if self.state == self.State.PENDING else 2

    def as_release(self) -> Release:
        """The release it would be, not saved: for what compares releases."""
        return Release(
            environment=self.environment,
            image=self.image,
            spec=self.spec,
            app_file=self.app_file,
            secrets=self.secrets,
            created_by_name=self.proposed_by_name,
        )
