"""An application: what a team declares in one app file."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from apps.models.names import NAME
from apps.models.project import Project
from paas.core.models import Versioned


class Application(Versioned):
    """`app_file` is the file as it was last accepted, as JSON; None before the first deploy.

    Active, then Retiring (`retiring_at`) while its objects are removed, then Retired (`retired_at`): the row is kept,
    its name is free for another.
    """

    permission_parent: ClassVar[str] = "project"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="applications")
    name = models.CharField(max_length=63, validators=[NAME])
    app_file = models.JSONField(null=True, blank=True)
    retiring_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = gettext_lazy("application")
        verbose_name_plural = gettext_lazy("applications")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], condition=Q(retired_at=None), name="one_application_per_name"
            )
        ]
        indexes = [models.Index(fields=["name", "id"], name="application_page")]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """Active, Retiring or Retired."""
        if self.retired_at is not None:
            return "Retired"
        return "Active" if self.retiring_at is None else "Retiring"
