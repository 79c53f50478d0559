"""The members of a project in the console: who has a role there alone, and who through the team."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.models import Project
from apps.selectors.members import project_members
from paas.core.permissions import allowed
from paas.identity.member_pages import Page, rows, show
from paas.identity.roles import members


def members_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Both kinds, and for owners the form for the first. The team's own are shown to those who may view the team."""
    project = selectors.projects_of(request.user).filter(pk=pk).first()
    if project is None:
        return HttpResponseRedirect(reverse("admin:applications_project_changelist"))
    team = project.team
    inherited = rows(members(team), through=team.name) if allowed(request.user, "view", team) else []
    page = Page(
        rows=[*rows(project_members(project)), *inherited],
        owns=allowed(request.user, "own", project),
        give=lambda user, role: services.set_project_member(project=project, user=user, role=role, actor=request.user),
        take=lambda user: services.remove_project_member(project=project, user=user, actor=request.user),
        frame={
            "title": _("Members of %(team)s") % {"team": project},
            "opts": Project._meta,
            "original": project,
            "project": project,
            "tabs": "applications/project_tabs.html",
            "twin": f"dougong project add | remove {project.name} NAME · "
            f"PUT | DELETE /api/v1/projects/{project.name}/members/NAME/",
        },
    )
    return show(request, page)
