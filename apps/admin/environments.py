"""What is done to one environment of an application besides a deploy: it is rendered anew, or retired."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.admin.forms import RetireEnvironmentForm
from apps.admin.views import acted, application_page, denied, page
from apps.models import Application, Environment
from clusters.admin import tables
from clusters.models import OwnedObject
from paas.core.forms import ReasonForm

MOST_OBJECTS = 500


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("environments/<uuid:pk>/rerender/", view(rerender), name="applications_environment_rerender"),
        path("environments/<uuid:pk>/retire/", view(retire), name="applications_environment_retire"),
    ]


def removed(environments: Collection[Any]) -> tables.Table:
    """What goes with these environments, named by id."""
    objects = OwnedObject.objects.filter(work__owner_id__in=environments, gone_at=None).select_related("cluster")
    return tables.Table(
        _("This is removed, and all data in these namespaces with it"),
        [_("Cluster"), _("Object")],
        [[each.cluster.name, each.oid] for each in objects[:MOST_OBJECTS]],
        _("Nothing of it is on any cluster."),
    )


def rerender(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Why there is something to do, then a reason and a button."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    back = application_page(environment.application_id)
    if refusal := denied(request, "deploy", environment, back=back):
        return refusal
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def act(said: dict[str, Any]) -> str:
        notes = services.rerender(environment=environment, actor=request.user, reason=said["reason"])
        return " ".join([_("%(environment)s is rendered anew.") % {"environment": environment}, *notes])

    if answer := acted(request, form, act, done=back):
        return answer
    conditions = selectors.environment_status(environment)["conditions"]
    stale = next((each for each in conditions if each["type"] == "RenderStale"), None)
    names = _names(environment)
    context = {
        "title": _("Render %(environment)s anew") % {"environment": environment},
        "opts": Application._meta,
        "original": environment.application,
        "environment": environment,
        "form": form,
        "stale": stale["message"] if stale else "",
        "back": back,
        "twin": f"dougong rerender {names} · POST /api/v1/environments/{pk}/rerender/",
    }
    return page(request, "applications/rerender.html", context)


def retire(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The list of what would go first, then a typed name."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    back = application_page(environment.application_id)
    if refusal := denied(request, "own", environment, back=back):
        return refusal
    form = RetireEnvironmentForm(request.POST if request.method == "POST" else None, expected=environment.name)

    def act(said: dict[str, Any]) -> str:
        services.retire_environment(
            environment=environment, actor=request.user, confirm=said["name"], reason=said["reason"]
        )
        return _("%(name)s is being removed from every cluster.") % {"name": environment}

    if answer := acted(request, form, act, done=back):
        return answer
    context = {
        "title": _("Retire %(name)s") % {"name": environment},
        "opts": Application._meta,
        "original": environment.application,
        "environment": environment,
        "form": form,
        "icon": "delete",
        "back": back,
        "twin": f"dougong retire {_names(environment)} · POST /api/v1/environments/{pk}/retire/",
        "table": removed([environment.pk]),
    }
    return page(request, "applications/retire.html", context)


def _names(environment: Environment) -> str:
    """As the command takes them."""
    application = environment.application
    return f"{application.project.name}/{application.name} -e {environment.name}"
