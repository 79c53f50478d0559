"""The rows of paas.core: the audit trail, filters that people keep, what processes count together, and the base of what
is edited under ETag.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from paas.core import meanings


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


class CacheEntry(models.Model):
    """What `paas.core.shared_cache` keeps until its end. `key` is a SHA-256 in hex."""

    permission_scope: ClassVar[str] = "operators"

    key = models.CharField(primary_key=True, max_length=64)
    value = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class TransactionId(models.Func):
    """The id of the transaction that writes; never handed out twice by one PostgreSQL."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class AuditEvent(models.Model):
    """Who did what to which object, written in the transaction of the change.

    A trigger refuses UPDATE and DELETE, but for one UPDATE that adds `number` and `seal` (`paas.core.audit.sealer`).
    `subject` is the primary key of the actor, `right` is {"permission", "through", "on"} or null for the platform
    itself.
    """

    permission_scope: ClassVar[str] = "operators"

    class Outcome(models.TextChoices):
        DONE = "done"
        REFUSED = "refused"

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    transaction = models.BigIntegerField(db_default=TransactionId(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    subject = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=200)
    how = models.CharField(max_length=100, blank=True)
    address = models.CharField(max_length=45, blank=True)
    right = models.JSONField(null=True, blank=True)
    action = models.CharField(max_length=100)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.DONE)
    object_type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=300)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=100)
    number = models.BigIntegerField(null=True, unique=True, editable=False)
    seal = models.CharField(max_length=100, blank=True, editable=False)

    class Meta:
        verbose_name = gettext_lazy("audit event")
        verbose_name_plural = gettext_lazy("audit events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_object"),
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["actor_name", "-id"], name="audit_actor_name"),
            models.Index(fields=["action"], name="audit_action", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["object_name"], name="audit_object_name", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["request_id"], name="audit_request"),
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["-id"], condition=models.Q(outcome="refused"), name="audit_refused"),
            models.Index(fields=["transaction", "id"], condition=models.Q(number=None), name="audit_unsealed"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.object_type} {self.object_name}"

    @property
    def action_in_words(self) -> str:
        """For the pages of the console, in the reader's language."""
        return meanings.of_action(self.action)

    @property
    def changes(self) -> list[tuple[str, str | None, str | None]]:
        """(field, before, after) in order, as texts; None where it was not there."""
        before, after = self.before or {}, self.after or {}
        return [(name, _written(before.get(name)), _written(after.get(name))) for name in sorted({*before, *after})]

    def facts(self) -> dict[str, Any]:
        """What is signed: all but the ids that the database gives, and the person's row, which may go."""
        told = {name: getattr(self, name) for name in SIGNED}
        return {**told, "at": self.at.astimezone(UTC).isoformat(timespec="microseconds")}


def _written(value: Any) -> str | None:
    """As it is, a list with commas, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return ", ".join(map(str, value)) if isinstance(value, list) else json.dumps(value, ensure_ascii=False)


SIGNED = (
    "subject", "actor_name", "how", "address", "right", "action", "outcome", "object_type", "object_id", "object_name",
    "before", "after", "reason", "request_id",
)  # fmt: skip
