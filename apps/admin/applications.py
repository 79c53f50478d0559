"""Applications in the console: the list, the page of one, and its retirement. Declared by app files, not by forms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps import selectors, services
from apps.admin import home, logs, releases, shown  # noqa: F401 - home registers its section
from apps.admin.forms import RetireForm
from apps.admin.fragments import application_context, application_snapshot, home_snapshot
from apps.admin.views import application_page, page, streamed, told
from apps.delivery import HOME_CHANNEL, channel
from apps.models import Application
from clusters.admin import tables
from clusters.models import OwnedObject
from paas.core.permissions import allowed
from paas.core.site import ConsoleModelAdmin, NavigationItem, console, register_navigation
from paas.core.sse import stream

MOST_OBJECTS = 500


class StateFilter(admin.SimpleListFilter):
    """Living ones, unless others are asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Beside the living ones, which come first."""
        return [("retired", "Retired"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """By what was chosen."""
        chosen = self.value()
        return queryset if chosen == "all" else queryset.filter(retired_at__isnull=chosen != "retired")


@admin.register(Application, site=console)
class ApplicationAdmin(ConsoleModelAdmin):
    """Applications of one's teams; operators see all."""

    list_display = ["name", "project_", "team", "state_", "environments_", "last_deploy"]
    list_filter = [StateFilter, "project__team"]
    search_fields = ["name", "project__name"]
    ordering = ["name"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """With environments, releases and health, in a fixed number of queries."""
        return selectors.applications_of(request.user)

    # --- the list ---

    @admin.display(description="Project", ordering="project__name")
    def project_(self, application: Application) -> str:
        """Its name."""
        return application.project.name

    @admin.display(description="Team", ordering="project__team__name")
    def team(self, application: Application) -> str:
        """Its name."""
        return application.project.team.name

    @admin.display(description="State")
    def state_(self, application: Application) -> SafeString:
        """Active, Retiring or Retired."""
        return shown.state(application).html()

    @admin.display(description="Environments")
    def environments_(self, application: Application) -> SafeString | str:
        """Health and release of each."""
        found = shown.row(application)["environments"]
        cells = ((each["health"], each["name"], each["release"] or "not deployed") for each in found)
        return format_html_join(mark_safe("<br>"), "{} {} {}", cells) or "–"

    @admin.display(description="Last deploy")
    def last_deploy(self, application: Application) -> str:
        """By whom and when."""
        last = shown.row(application)["last"]
        return f"{last.created_by_name}, {last.created_at:%Y-%m-%d %H:%M}" if last else "never"

    # --- one application ---

    def get_urls(self) -> list[URLPattern]:
        """Pages and streams."""
        view = self.admin_site.admin_view
        own = [
            path("live/", view(self.home_live), name="applications_live"),
            path("<uuid:pk>/live/", view(self.live), name="applications_application_live"),
            path("<uuid:pk>/retire/", view(self.retire), name="applications_application_retire"),
            *releases.urls(view),
            *logs.urls(view),
        ]
        return [*own, *super().get_urls()]

    def home_live(self, request: HttpRequest) -> HttpResponseBase:
        """The table of the home page as it changes."""
        return streamed(lambda: stream(home_snapshot(request.user), HOME_CHANNEL))

    def live(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """The live part of an application's page as it changes."""
        return streamed(lambda: stream(application_snapshot(request.user, pk), channel(pk)))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of an application in the place of a form."""
        application = self.get_object(request, object_id)
        if application is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        project = application.project
        context = {
            **application_context(request.user, application),
            "title": application.name,
            "opts": self.opts,
            "original": application,
            "application": application,
            "live": reverse("admin:applications_application_live", args=[application.pk]),
            "summary": [
                ("State", shown.state(application).html()),
                ("Project", project.name),
                ("Team", project.team.name),
            ],
            "deploys": allowed(request.user, "deploy", application),
            "owns": allowed(request.user, "own", application) and application.state == "Active",
        }
        return page(request, "applications/application.html", context)

    def retire(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The list of what would go first, then a typed name."""
        application = selectors.applications_of(request.user).filter(pk=pk).first()
        if application is None or not allowed(request.user, "own", application):
            return HttpResponseRedirect(reverse("admin:applications_application_changelist"))
        form = RetireForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data

            def act() -> str:
                services.retire(
                    application=application, actor=request.user, confirm=said["name"], reason=said["reason"]
                )
                return f"{application.name} is being removed from every cluster."

            return told(request, act, done=application_page(pk), refused=request.get_full_path())
        environments = [each.pk for each in getattr(application, "live_environments", [])]
        objects = OwnedObject.objects.filter(work__owner_id__in=environments, gone_at=None).select_related("cluster")
        context = {
            "title": f"Retire {application.name}",
            "opts": self.opts,
            "original": application,
            "application": application,
            "form": form,
            "table": tables.Table(
                "This is removed, and all data in these namespaces with it",
                ["Cluster", "Object"],
                [[each.cluster.name, each.oid] for each in objects[:MOST_OBJECTS]],
                "Nothing of it is on any cluster.",
            ),
        }
        return page(request, "applications/retire.html", context)


register_navigation(
    "Applications",
    [
        NavigationItem("Applications", "admin:applications_application_changelist", "apps"),
        NavigationItem("Projects", "admin:applications_project_changelist", "folder"),
    ],
    order=10,
)
