"""The members of a project in the console: who has a role there alone, and who through the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.admin.views import acted, page
from apps.models import Project
from apps.selectors.members import project_members, project_role_of
from paas.core.permissions import allowed
from paas.identity.member_pages import RemoveForm, has_the_role, member_form, what_is_lost
from paas.identity.models import User
from paas.identity.overviews import member_rows
from paas.identity.roles import members, person_named, role_of


def members_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Both kinds, and for owners the form for the first. The team's own are shown to those who may view the team."""
    project = selectors.projects_of(request.user).filter(pk=pk).first()
    if project is None:
        return HttpResponseRedirect(reverse("admin:applications_project_changelist"))
    form = member_form(request)

    def act(said: dict[str, Any]) -> str:
        user = person_named(said["username"], kept_out=True)
        services.set_project_member(project=project, user=user, role=said["role"], actor=request.user)
        return has_the_role(user, said["role"])

    if answer := acted(request, form, act, done=request.path):
        return answer
    context = {
        "title": _("Members of %(team)s") % {"team": project},
        "opts": Project._meta,
        "original": project,
        "project": project,
        "members": _rows(request, project),
        "owns": allowed(request.user, "own", project),
        "form": form,
    }
    return page(request, "applications/project_members.html", context)


def remove_page(request: HttpRequest, pk: UUID, user: UUID) -> HttpResponse:
    """What the person loses first, and what they keep through the team; then their name typed out."""
    project = selectors.projects_of(request.user).filter(pk=pk).first()
    person = User.objects.filter(pk=user).first()
    back = reverse("admin:applications_project_members", args=[pk])
    role = project_role_of(project, person) if project and person else None
    if project is None or person is None or role is None or not allowed(request.user, "own", project):
        return HttpResponseRedirect(back)
    form = RemoveForm(request.POST if request.method == "POST" else None, expected=person.username)

    def act(said: dict[str, Any]) -> str:
        services.remove_project_member(project=project, user=person, actor=request.user)
        return _("%(name)s has no role on the project alone any more.") % {"name": person.username}

    if answer := acted(request, form, act, done=back):
        # Who gave up the last role of their own does not see it any more.
        gone = person == request.user and not allowed(request.user, "view", project)
        return HttpResponseRedirect(reverse("admin:applications_project_changelist")) if gone else answer
    context = {
        **what_is_lost(person, role, of=project),
        "opts": Project._meta,
        "through": project.team if role_of(project.team, person) else None,
        "form": form,
        "back": back,
        "twin": f"dougong project remove {project.name} {person.username} · "
        f"DELETE /api/v1/projects/{project.name}/members/{person.username}/",
    }
    return page(request, "identity/member_remove.html", context)


def _rows(request: HttpRequest, project: Project) -> list[dict[str, Any]]:
    team = project.team

    def remove(user: User) -> str:
        return reverse("admin:applications_project_member_remove", args=[project.pk, user.pk])

    inherited = members(team) if allowed(request.user, "view", team) else []
    return [
        *member_rows(project, project_members(project), remove=remove),
        *member_rows(team, inherited, through=team.name),
    ]
