"""Reads of who has a role on a project: there alone, or through its team."""

from __future__ import annotations

from apps.models import Project, ProjectRole
from paas.identity.models import User
from paas.identity.roles import Member, held_of, in_groups


def project_members(project: Project) -> list[Member]:
    """The persons with a role on the project alone, owners first."""
    return in_groups(roles_on_project(project))


def project_role_of(project: Project, user: User) -> str | None:
    """The role that the person holds on the project alone."""
    return held_of(user, roles_on_project(project))


def roles_on_project(project: Project) -> dict[int, str]:
    """The role that each group holds on the project alone, by the group's id."""
    return dict(ProjectRole.objects.filter(project=project).values_list("group", "role"))
