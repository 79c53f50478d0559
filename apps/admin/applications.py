"""Applications in the console: the list, the page of one, and its retirement. Declared by app files, not by forms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps import selectors, services
from apps.admin import (  # noqa: F401 - home registers its section
    deploying,
    environments,
    home,
    logs,
    placement,
    releases,
    scaling,
    schedules,
    shown,
    terminals,
)
from apps.admin.filters import FILTERS
from apps.admin.forms import RetireForm
from apps.admin.fragments import application_context, application_snapshot, home_snapshot
from apps.admin.views import acted, application_page, denied, linked, page, streamed
from apps.delivery import HOME_CHANNEL, channel
from apps.live import still_viewed
from apps.models import Application
from paas.core.live_lists import LiveList, narrowed
from paas.core.models import AuditEvent
from paas.core.permissions import allowed, fresh
from paas.core.site import NavigationItem, console, register_navigation
from paas.core.sse import stream


@admin.register(Application, site=console)
class ApplicationAdmin(LiveList):
    """Applications of one's teams; operators see all."""

    tabs = "applications/tabs.html"
    list_display = ["name"]
    live_channel = HOME_CHANNEL
    lines_template = "applications/rows.html"
    list_twin = "dougong apps · GET /api/v1/applications/"
    list_filter = FILTERS
    list_filter_sheet = True
    list_filter_submit = True
    search_fields = ["name", "project__name", "project__team__name"]
    ordering = ["name"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """With environments, releases and health, in a fixed number of queries."""
        return selectors.application_lines_of(request.user)

    def lines(self, found: Any) -> dict[str, Any]:
        """The lines of the home page."""
        return {"rows": [shown.row(each) for each in found.result_list], "narrowed": narrowed(found)}

    # --- one application ---

    def get_urls(self) -> list[URLPattern]:
        """Pages and streams."""
        view = self.admin_site.admin_view
        own = [
            path("live/", view(self.home_live), name="applications_live"),
            path("<uuid:pk>/live/", view(self.live), name="applications_application_live"),
            path("<uuid:pk>/retire/", view(self.retire), name="applications_application_retire"),
            *deploying.urls(view),
            *environments.urls(view),
            *releases.urls(view),
            *logs.urls(view),
            *placement.urls(view),
            *scaling.urls(view),
            *schedules.urls(view),
            *terminals.urls(view),
        ]
        return [*own, *super().get_urls()]

    def home_live(self, request: HttpRequest) -> HttpResponseBase:
        """The table of the home page as it changes."""
        return streamed(lambda: stream(home_snapshot(request.user), HOME_CHANNEL, still=lambda: fresh(request.user)))

    def live(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """The live part of an application's page as it changes."""
        person = request.user
        return streamed(
            lambda: stream(application_snapshot(person, pk), channel(pk), still=still_viewed(person, Application, pk))
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of an application in the place of a form."""
        application = self.get_object(request, object_id)
        project = application.project
        before, after = selectors.neighbours(request.user, application)
        context = {
            **application_context(request.user, application),
            "before": before,
            "after": after,
            "title": application.name,
            "opts": self.opts,
            "original": application,
            "application": application,
            "live": reverse("admin:applications_application_live", args=[application.pk]),
            "summary": [
                (_("State"), shown.state(application).html()),
                (_("Project"), linked(request.user, project)),
                (_("Team"), linked(request.user, project.team)),
            ],
            "deploys": allowed(request.user, "deploy", application),
        }
        return page(request, "applications/application.html", context)

    def events_of(self, request: HttpRequest, obj: Application) -> QuerySet[AuditEvent]:
        """With those of its environments."""
        return selectors.events_of(obj)

    def retire(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The list of what would go first, then a typed name."""
        application = get_object_or_404(selectors.applications_of(request.user), pk=pk)
        if refusal := denied(request, "own", application, back=application_page(pk)):
            return refusal
        form = RetireForm(request.POST if request.method == "POST" else None, expected=application.name)

        def act(said: dict[str, Any]) -> str:
            services.retire(application=application, actor=request.user, confirm=said["name"], reason=said["reason"])
            return _("%(name)s is being removed from every cluster.") % {"name": application.name}

        if answer := acted(request, form, act, done=application_page(pk)):
            return answer
        ids = [each.pk for each in getattr(application, "live_environments", [])]
        context = {
            "title": _("Retire %(name)s") % {"name": application.name},
            "opts": self.opts,
            "original": application,
            "form": form,
            "icon": "delete",
            "back": application_page(pk),
            "twin": f"dougong retire {application.project.name}/{application.name} · "
            f"POST /api/v1/applications/{pk}/retire/",
            "table": environments.removed(ids),
        }
        return page(request, "applications/retire.html", context)


register_navigation(
    gettext_noop("Applications"),
    [
        NavigationItem(gettext_noop("Applications"), "admin:applications_application_changelist", "apps"),
        NavigationItem(gettext_noop("Projects"), "admin:applications_project_changelist", "folder"),
        NavigationItem(gettext_noop("Configuration"), "admin:config", "tune"),
        NavigationItem(gettext_noop("Approvals"), "admin:approvals", "approval"),
        NavigationItem(gettext_noop("Freezes"), "admin:freezes", "ac_unit"),
    ],
    order=10,
)
