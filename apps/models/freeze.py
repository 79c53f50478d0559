"""A time in which nothing new is released."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.timezones import zone
from paas.identity.models import Team


class FreezeWindow(models.Model):
    """Of a team, or without one of the whole platform: over the environments named, or over all that are protected.

    `time_zone` is the one it was said in; the moments are absolute. It ends by itself, or earlier by hand.
    """

    permission_parent: ClassVar[str] = "team"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="freezes")
    environments = models.JSONField(default=list)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    reason = models.TextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_name = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["ends_at"], condition=models.Q(ended_at=None), name="freeze_in_force")]

    def __str__(self) -> str:
        return f"freeze of {self.team or 'the platform'} until {self.local(self.ends_at)}"

    def local(self, moment: datetime) -> str:
        """A moment in its time zone: "2026-12-24 18:00 Europe/Berlin"."""
        return f"{moment.astimezone(zone(self.time_zone)):%Y-%m-%d %H:%M} {self.time_zone}"
