"""A terminal that a person opened in a container of an environment, and its recording. Rows are kept; recordings for a
while. Written by `services.terminals` alone.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.models.environment import Environment
from paas.core.encryption import EncryptedTextField


class Terminal(models.Model):
    """Who, where, what, why; how long, how much, and how it ended.

    `ticket` is the digest of what the one web socket of it has to show, once, before `ends_at`. `ending` is a word of
    `Ending`, empty while it is open; `exit_code` is null where the command did not end by itself.
    """

    permission_parent: ClassVar[str] = "environment"

    class Ending(models.TextChoices):
        """Why a terminal ended."""

        EXITED = "Exited"
        NOT_STARTED = "NotStarted"
        NOT_ATTACHED = "NotAttached"
        LEFT = "Left"
        TIME_OVER = "TimeOver"
        IDLE = "Idle"
        REVOKED = "Revoked"
        RECORDING_FULL = "RecordingFull"
        CONNECTION_LOST = "ConnectionLost"
        SERVER_LOST = "ServerLost"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="terminals")
    cluster = models.CharField(max_length=63)
    pod = models.CharField(max_length=253)
    container = models.CharField(max_length=63)
    command = models.JSONField()
    tty = models.BooleanField()
    reason = models.CharField(max_length=2000, blank=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    opened_by_name = models.CharField(max_length=150)
    ticket = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    attached_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=20, choices=Ending.choices, blank=True)
    message = models.CharField(max_length=500, blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    bytes_in = models.BigIntegerField(default=0)
    bytes_out = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["ends_at"], condition=Q(ended_at=None), name="terminals_open")]

    def __str__(self) -> str:
        return f"{self.cluster}/{self.pod}"


class TerminalPart(models.Model):
    """A piece of a recording, by number: lines of an asciicast, encrypted as what they show may be secret."""

    permission_parent: ClassVar[str] = "terminal"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    terminal = models.ForeignKey(Terminal, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    text = EncryptedTextField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["terminal", "number"], name="one_part_per_number")]

    def __str__(self) -> str:
        return f"{self.terminal_id}, part {self.number}"
