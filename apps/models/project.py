"""A team's room for applications that belong together."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.models.names import NAME
from paas.core.models import Versioned
from paas.identity.models import Team


class Project(Versioned):
    """Belongs to one team; its name is part of addresses and of every namespace in it."""

    permission_parent: ClassVar[str] = "team"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(
        max_length=63, unique=True, validators=[NAME], help_text="Part of addresses; never changes."
    )
    title = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
