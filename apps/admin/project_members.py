"""The members of a project in the console: who has a role there alone, and who through the team."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.selectors.members import project_members
from paas.core.permissions import allowed
from paas.identity.member_pages import given, taken
from paas.identity.overviews import member_rows
from paas.identity.roles import members, role_of


def members_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Both kinds, and for owners the form for the first. The team's own are shown to those who may view the team."""
    project = get_object_or_404(selectors.projects_of(request.user), pk=pk)
    team = project.team
    inherited = members(team) if allowed(request.user, "view", team) else []
    rows = [*member_rows(project, project_members(project)), *member_rows(team, inherited, through=team.name)]
    give = partial(services.set_project_member, project=project)
    return given(request, project, rows, give=give, template="applications/project_members.html")


def remove_page(request: HttpRequest, pk: UUID, user: UUID) -> HttpResponse:
    """What the person loses first, and what they keep through the team; then their name typed out."""
    project = get_object_or_404(selectors.projects_of(request.user), pk=pk)
    member = next((each for each in project_members(project) if each.user.pk == user), None)
    if member is None:
        raise Http404
    return taken(
        request,
        project,
        member,
        take=partial(services.remove_project_member, project=project),
        told=_("%(name)s has no role on the project alone any more.") % {"name": member.user.username},
        through=project.team if role_of(project.team, member.user) else None,
    )
