"""Configuration as it was set, layer by layer: every change is a row, and the latest of a key is in force."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.config import LAYERS


class ConfigChange(models.Model):
    """A key of one layer, changed. `before` and `after` are {"value", "declaration"} or null: not there.

    `scope_id` is the id of the cluster, team, … and nil for the platform; no foreign key, so that what was done stays
    when a cluster goes. `version` counts the changes of the scope, not of the key. A trigger refuses UPDATE and DELETE.
    Who may see or change it is asked of the scope's object.
    """

    permission_scope: ClassVar[str] = "operators"

    scope = models.CharField(max_length=12, choices=[(each, each) for each in LAYERS])
    scope_id = models.UUIDField()
    scope_name = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=253)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_by_name = models.CharField(max_length=200)
    accepted_by_name = models.CharField(max_length=200, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["scope_id", "key", "version"], name="one_config_change_per_version")
        ]
        indexes = [models.Index(fields=["scope_id", "-id"], name="config_by_scope")]

    def __str__(self) -> str:
        return f"{'/'.join(filter(None, (self.scope, self.scope_name)))} {self.key}"


class ConfigProposal(models.Model):
    """A change of protected keys that waits for a second person.

    `changes` is {key: {"before", "after"}} as in ConfigChange; `release` whether accepting it makes releases.
    """

    permission_scope: ClassVar[str] = "operators"

    class State(models.TextChoices):
        OPEN = "Open"
        ACCEPTED = "Accepted"
        REFUSED = "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(max_length=12, choices=[(each, each) for each in LAYERS])
    scope_id = models.UUIDField(db_index=True)
    scope_name = models.CharField(max_length=200, blank=True)
    changes = models.JSONField()
    release = models.BooleanField(default=True)
    reason = models.TextField(blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    proposed_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by_name = models.CharField(max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        keys = ", ".join(sorted(self.changes))
        return f"{'/'.join(filter(None, (self.scope, self.scope_name)))} {keys}"

    @property
    def version(self) -> int:
        """Its ETag: it is written once more, when it is decided."""
        return 1 if self.state == self.State.OPEN else 2
