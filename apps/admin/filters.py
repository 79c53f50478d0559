"""By what the list of applications is narrowed: state, health, team, project and cluster."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.models import Application, Environment, Placement, Project
from clusters.health import Health
from clusters.selectors import clusters_of
from paas.core.permissions import visible

MOST_CHOICES = 200


class StateFilter(admin.SimpleListFilter):
    """Living ones, unless others are asked for."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Beside the living ones, which come first."""
        return [("retired", _("Retired")), ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """By what was chosen."""
        chosen = self.value()
        return queryset if chosen == "all" else queryset.filter(retired_at__isnull=chosen != "retired")


class HealthFilter(admin.SimpleListFilter):
    """With an environment of that health."""

    title = gettext_lazy("health")
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All words of health, and everything that is not well."""
        return [("ill", _("Not healthy")), *((str(each), _(str(each))) for each in Health)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """By what was chosen."""
        chosen = self.value()
        if not chosen:
            return queryset
        environments = Environment.objects.filter(application=OuterRef("pk"), retired_at=None)
        if chosen == "ill":
            return queryset.filter(Exists(environments.exclude(status__health=Health.HEALTHY)))
        return queryset.filter(Exists(environments.filter(status__health=chosen)))


class TeamFilter(admin.SimpleListFilter):
    """Of a team."""

    title = gettext_lazy("team")
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those that have a project."""
        return _choices({team for _project, team in _owned(request)})

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """By what was chosen."""
        return queryset.filter(project__team__name=self.value()) if self.value() else queryset


class ProjectFilter(admin.SimpleListFilter):
    """Of a project."""

    title = gettext_lazy("project")
    parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those one may view."""
        return _choices({project for project, _team in _owned(request)})

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """By what was chosen."""
        return queryset.filter(project__name=self.value()) if self.value() else queryset


class ClusterFilter(admin.SimpleListFilter):
    """On a cluster."""

    title = gettext_lazy("cluster")
    parameter_name = "cluster"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All there are."""
        return _choices({*clusters_of(request.user).values_list("name", flat=True)[:MOST_CHOICES]})

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """By what was chosen."""
        if not self.value():
            return queryset
        placed = Placement.objects.filter(environment__application=OuterRef("pk"), environment__retired_at=None)
        return queryset.filter(Exists(placed.filter(cluster__name=self.value())))


def _owned(request: HttpRequest) -> list[tuple[str, str]]:
    """(project, team) of what the person may view, read once for the two filters that ask."""
    kept: list[tuple[str, str]] | None = getattr(request, "owned_projects", None)
    if kept is None:
        rows = visible(request.user, Project.objects.order_by("name")).values_list("name", "team__name")
        kept = list(rows[:MOST_CHOICES])
        request.owned_projects = kept  # type: ignore[attr-defined]  # for this request
    return kept


def _choices(names: set[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(names)]


FILTERS = [StateFilter, HealthFilter, TeamFilter, ProjectFilter, ClusterFilter]
