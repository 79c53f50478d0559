"""The members of a project in the console: who has a role there alone, and who through the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.admin.forms import ProjectMemberForm
from apps.admin.views import acted, page
from apps.models import Project
from apps.selectors.members import project_members
from paas.core.permissions import allowed
from paas.identity.overviews import ROLE_WORDS
from paas.identity.roles import members, person_named


def members_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Both kinds, and for owners the form for the first. The team's own are shown to those who may view the team."""
    project = selectors.projects_of(request.user).filter(pk=pk).first()
    if project is None:
        return HttpResponseRedirect(reverse("admin:applications_project_changelist"))
    given = request.POST if request.method == "POST" else None
    form = ProjectMemberForm(given, initial={"username": request.GET.get("who", "")})

    def act(said: dict[str, Any]) -> str:
        user, role = person_named(said["username"], kept_out=True), said["role"]
        if role:
            services.set_project_member(project=project, user=user, role=role, actor=request.user)
            told = {"name": user.username, "role": ROLE_WORDS[role]}
            return _("%(name)s has the role %(role)s now.") % told
        services.remove_project_member(project=project, user=user, actor=request.user)
        return _("%(name)s has no role on the project alone any more.") % {"name": user.username}

    if answer := acted(request, form, act, done=request.path):
        return answer
    context = {
        "title": _("Members of %(team)s") % {"team": project},
        "opts": Project._meta,
        "original": project,
        "project": project,
        "rows": _rows(request, project),
        "owns": allowed(request.user, "own", project),
        "form": form,
    }
    return page(request, "applications/project_members.html", context)


def _rows(request: HttpRequest, project: Project) -> list[dict[str, Any]]:
    team = project.team
    inherited = members(team) if allowed(request.user, "view", team) else []
    found = [(each, "") for each in project_members(project)] + [(each, team.name) for each in inherited]
    return [
        {"username": each.user.username, "role": ROLE_WORDS[each.role], "through": through} for each, through in found
    ]
