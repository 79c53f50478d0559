"""A team's room for applications that belong together, and who has a role in it alone."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy
from guardian.models import GroupObjectPermissionBase

from apps.models.names import NAME
from paas.core.models import Versioned
from paas.identity.models import Team
from paas.identity.roles import ROLES


class Project(Versioned):
    """Belongs to one team; its name is part of addresses and of every namespace in it."""

    permission_parent: ClassVar[str] = "team"
    permission_grants: ClassVar[bool] = True

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(
        max_length=63, unique=True, validators=[NAME], help_text="Part of addresses; never changes."
    )
    title = models.CharField(max_length=100)

    class Meta:
        verbose_name = gettext_lazy("project")
        verbose_name_plural = gettext_lazy("projects")
        ordering = ["name"]
        permissions = [
            ("deploy_project", "Can deploy what belongs to the project"),
            ("release_project", "Can release what belongs to the project to protected environments"),
            ("exec_project", "Can open terminals in what belongs to the project"),
            ("own_project", "Can change the project and its members"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectRole(models.Model):
    """The group of those who have a role on the project alone; made with the first of them."""

    permission_parent: ClassVar[str] = "project"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=10, choices=[(each, each) for each in ROLES])
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "role"], name="one_group_per_project_role")]

    def __str__(self) -> str:
        return f"{self.role} of {self.project}"


class ProjectGroupPermission(GroupObjectPermissionBase):
    """A permission of a group on a project: guardian's direct table, whose rows go with their project."""

    id = models.BigAutoField(primary_key=True)
    content_object = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="grants")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False
