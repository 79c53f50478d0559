"""The writers of roles on one project, for people who shall not have them on the whole team."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction

from apps.models import Project, ProjectRole
from apps.selectors.members import project_role_of, roles_on_project
from paas.core.errors import NotFound
from paas.core.permissions import Actor, require, require_lasting
from paas.core.rows import locked
from paas.identity.granting import change_role, grant, new_groups
from paas.identity.models import User
from paas.identity.roles import a_person, known_role


def set_project_member(*, project: Project, user: User, role: str, actor: Actor) -> None:
    """Give a person one role on the project and all that belongs to it; a role held there before is replaced. What
    they may through the team stays.

    Raises:
        Invalid: `role_unknown`; `service_account_fixed`.
    """
    require_lasting(actor, "own", project)
    a_person(user)
    known_role(role)
    with transaction.atomic():
        project = locked(project)
        before = project_role_of(project, user)
        if before == role:
            return
        group = _group(project, role)
        change_role(project, user, roles_on_project(project), before=before, after=role, group=group, actor=actor)


def remove_project_member(*, project: Project, user: User, actor: Actor) -> None:
    """Take a person's role on the project away. What they may through the team stays.

    Raises:
        NotFound: `member_not_found`.
    """
    require(actor, "own", project)
    with transaction.atomic():
        project = locked(project)
        before = project_role_of(project, user)
        if before is None:
            raise NotFound(
                "member_not_found",
                f"'{user.username}' has no role on project '{project}' alone.",
                remedy=f"A role on the whole team is taken with `dougong team remove {project.team} {user.username}`.",
            )
        change_role(project, user, roles_on_project(project), before=before, actor=actor)


def _group(project: Project, role: str) -> Group:
    """The group of the role; the project's lock lets one make it."""
    known = ProjectRole.objects.filter(project=project, role=role).select_related("group").first()
    if known is not None:
        return known.group
    groups = new_groups(f"project:{project.name}", [role])
    grant(project, groups)
    return ProjectRole.objects.create(project=project, role=role, group=groups[role]).group
