"""Projects in the console: what they hold, and new ones by owners of teams."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps import selectors, services
from apps.admin import shown
from apps.admin.forms import ProjectForm
from apps.admin.project_members import members_page, remove_page
from apps.admin.views import linked, page, streamed
from apps.delivery import HOME_CHANNEL
from apps.live import still_viewed
from apps.models import Project
from clusters.admin import badges
from paas.core.moments import when
from paas.core.permissions import Actor, allowed, fresh, not_found, visible
from paas.core.site import ConsoleModelAdmin, column, console
from paas.core.sse import stream
from paas.identity.models import Team
from paas.identity.overviews import TeamSection, register_team_section

MOST_APPLICATIONS = 200
MOST_PROJECTS = 200


def of_team(request: HttpRequest, team: Team) -> dict[str, Any]:
    """The section of a team's page: its projects, how many applications they have and how their environments are."""
    found = list(selectors.projects_of(request.user).filter(team=team).order_by("name")[: MOST_PROJECTS + 1])
    healths = selectors.healths_of([each.pk for each in found])
    rows = [
        {
            "name": each.name,
            "title": each.title,
            "href": reverse("admin:applications_project_change", args=[each.pk]),
            "applications": getattr(each, "applications_count", 0),
            "healths": [
                (badges.health(word).html(), count)
                for word, count in sorted(healths.get(each.pk, {}).items(), key=lambda one: -shown.severity(one[0]))
            ],
        }
        for each in found[:MOST_PROJECTS]
    ]
    owns = allowed(request.user, "own", team)
    return {"rows": rows, "more": len(found) > MOST_PROJECTS, "team": team, "owns": owns}


register_team_section(TeamSection("projects", 10, "applications/team_projects.html", of_team, HOME_CHANNEL))


@admin.register(Project, site=console)
class ProjectAdmin(ConsoleModelAdmin):
    """Projects of one's teams; operators see all."""

    tabs = "applications/project_tabs.html"
    create_permission = "own"
    create_twin = "dougong project create NAME --team TEAM · POST /api/v1/projects/"
    form = ProjectForm
    fields = ["team", "name", "title"]
    list_display = [
        column("name", gettext_lazy("Name")),
        column("title", gettext_lazy("Title")),
        column("team", gettext_lazy("Team")),
        "applications",
    ]
    list_filter = ["team"]
    search_fields = ["name", "title", "team__name"]
    ordering = ["name"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the number of applications."""
        return selectors.projects_of(request.user)

    @admin.display(description=gettext_lazy("Applications"))
    def applications(self, project: Project) -> int:
        """How many there are, retired ones not counted."""
        count: int = getattr(project, "applications_count", 0)
        return count

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """With the teams that the person owns."""
        form = super().get_form(request, obj, change, **kwargs)
        owned = [each.pk for each in visible(request.user, Team.objects.all()) if allowed(request.user, "own", each)]
        if "team" in form.base_fields:
            form.base_fields["team"].queryset = Team.objects.filter(pk__in=owned)
        return form

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a project in the place of a form."""
        project = self.get_object(request, object_id)
        context = {
            **_applications(request.user, project),
            "title": project.name,
            "opts": self.opts,
            "original": project,
            "project": project,
            "summary": [
                (_("Title"), project.title),
                (_("Team"), linked(request.user, project.team)),
                (_("Since"), when(project.created_at)),
            ],
            "live": reverse("admin:applications_project_live", args=[project.pk]),
            "deploys": allowed(request.user, "deploy", project),
        }
        return page(request, "applications/project.html", context)

    def get_urls(self) -> list[URLPattern]:
        """With the stream of a project's page, and the page of those who have a role here alone."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/live/", view(self.live), name="applications_project_live"),
            path("<uuid:pk>/members/", view(members_page), name="applications_project_members"),
            path("<uuid:pk>/members/<uuid:user>/remove/", view(remove_page), name="applications_project_member_remove"),
        ]
        return [*own, *super().get_urls()]

    def live(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """The applications of a project as they change."""

        def read() -> dict[str, Any]:
            person = fresh(request.user)
            project = selectors.projects_of(person).filter(pk=pk).first()
            if project is None:
                raise not_found(Project)
            return {"html": render_to_string("applications/rows.html", _applications(person, project))}

        return streamed(lambda: stream(read, HOME_CHANNEL, still=still_viewed(request.user, Project, pk)))

    def service_create(self, request: HttpRequest, form: ModelForm[Any]) -> Project:
        """Create."""
        said = form.cleaned_data
        return services.create_project(team=said["team"], name=said["name"], title=said["title"], actor=request.user)


def _applications(actor: Actor, project: Project) -> dict[str, Any]:
    """What applications/rows.html needs."""
    living = selectors.application_lines_of(actor).filter(project=project, retired_at=None).order_by("name")
    found = list(living[: MOST_APPLICATIONS + 1])
    return {"rows": [shown.row(each) for each in found[:MOST_APPLICATIONS]], "more": len(found) > MOST_APPLICATIONS}
