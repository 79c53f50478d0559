"""Reads of who has a role on a project: there alone, or through its team."""

from __future__ import annotations

from apps.models import Project, ProjectRole
from paas.identity.models import User
from paas.identity.roles import ROLES, Member, in_groups


def project_members(project: Project) -> list[Member]:
    """The persons with a role on the project alone, owners first."""
    return in_groups(_groups(project))


def project_role_of(project: Project, user: User) -> str | None:
    """The role that the person holds on the project alone."""
    groups = _groups(project)
    held = {groups[pk] for pk in user.groups.filter(pk__in=groups).values_list("pk", flat=True)}
    return next((role for role in ROLES if role in held), None)


def _groups(project: Project) -> dict[int, str]:
    return dict(ProjectRole.objects.filter(project=project).values_list("group", "role"))
