"""The schedules of an environment: how their runs went, by the clock and by hand, the way to the log of each, and a
button that runs one now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from unfold.widgets import UnfoldAdminSelectWidget

from apps import selectors, services
from apps.admin.views import acted, denied, environment_stream, page
from apps.models import Application, Environment
from apps.selectors.runs import FAILED, RUNNING, SUCCEEDED, Run, Schedule
from clusters.admin import badges, tables
from clusters.admin.badges import BAD, GOOD, INFO, Badge
from clusters.admin.reasons import told
from paas.core.forms import ReasonForm
from paas.core.moments import when
from paas.core.permissions import allowed

_VERDICTS = {
    SUCCEEDED: Badge(gettext_noop("Succeeded"), GOOD),
    FAILED: Badge(gettext_noop("Failed"), BAD),
    RUNNING: Badge(gettext_noop("Running"), INFO),
}


class RunForm(ReasonForm):
    """Where it is to run, and why."""

    cluster = forms.ChoiceField(
        required=False, label=gettext_lazy("On which cluster"), widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, *args: Any, clusters: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["cluster"])
        field.choices = [("", _("on each")), *((each, each) for each in clusters)]


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("environments/<uuid:pk>/schedules/", view(show), name="applications_environment_schedules"),
        path("environments/<uuid:pk>/schedules/live/", view(live), name="applications_environment_schedules_live"),
        path("environments/<uuid:pk>/schedules/<str:name>/run/", view(run), name="applications_schedule_run"),
    ]


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Each schedule on each cluster, with its runs."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    seen = _schedules(environment)
    runs = allowed(request.user, "deploy", environment) and environment.application.state == "Active"
    context = {
        **_frame(environment),
        "title": _("Schedules of %(application)s in %(environment)s") % _names(environment),
        "live": reverse("admin:applications_environment_schedules_live", args=[pk]),
        "names": sorted({each["name"] for each in seen["schedules"]}) if runs else [],
        **seen,
    }
    return page(request, "applications/schedules.html", context)


def live(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """How the runs go, as it changes."""
    return environment_stream(request, pk, "applications/schedules_live.html", _schedules)


def _schedules(environment: Environment) -> dict[str, Any]:
    """What applications/schedules_live.html needs."""
    return {"schedules": [_shown(environment, each) for each in selectors.schedules(environment)]}


def run(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    """A cluster and a reason, then a button: the schedule runs once, now."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    back = reverse("admin:applications_environment_schedules", args=[pk])
    if refusal := denied(request, "deploy", environment, back=back):
        return refusal
    clusters = [each.cluster for each in selectors.schedules(environment) if each.name == name]
    form = RunForm(request.POST if request.method == "POST" else None, clusters=clusters)

    def act(said: dict[str, Any]) -> str:
        started = services.run_schedule(
            environment=environment,
            schedule=name,
            actor=request.user,
            cluster=said["cluster"] or None,
            reason=said["reason"],
        )
        on = ", ".join(work.cluster.name for work in started.works)
        return _("%(job)s is started on %(clusters)s.") % {"job": started.job, "clusters": on}

    if answer := acted(request, form, act, done=back):
        return answer
    context = {
        **_frame(environment),
        "title": _("Run %(name)s now") % {"name": name},
        "back": back,
        "name": name,
        "form": form,
    }
    return page(request, "applications/schedule_run.html", context)


def _shown(environment: Environment, found: Schedule) -> dict[str, Any]:
    headers = [_("Run"), _("By"), _("Started"), _("Took"), _("Verdict"), _("Message"), _("Log")]
    rows = [list(_cells(environment, found, each)) for each in found.runs]
    return {
        "name": found.name,
        "cluster": found.cluster,
        "times": f"{found.cron} ({found.time_zone})",
        "health": badges.health(found.health).html(),
        "message": found.message if found.health == "Healthy" else told(found.reason, found.message),
        "table": tables.Table(_("Runs"), headers, rows, _("The cluster has no run of it.")),
    }


def _cells(environment: Environment, schedule: Schedule, each: Run) -> Iterator[Any]:
    yield each.job
    yield _("the clock") if each.number is None else _("hand")
    yield when(each.started_at) if each.started_at else "–"
    yield "–" if each.seconds is None else _("%(seconds)d s") % {"seconds": each.seconds}
    yield _VERDICTS[each.verdict].html()
    yield each.message
    query = {"process": schedule.name, "cluster": schedule.cluster}
    if each.started_at:
        query["since"] = f"{each.started_at:%Y-%m-%dT%H:%M:%SZ}"
    address = f"{reverse('admin:applications_environment_logs', args=[environment.pk])}?{urlencode(query)}"
    yield format_html('<a class="dg-link underline" href="{}">{}</a>', address, _("Log")) if each.pods else "–"


def _frame(environment: Environment) -> dict[str, Any]:
    return {"opts": Application._meta, "original": environment.application, "environment": environment}


def _names(environment: Environment) -> dict[str, str]:
    return {"application": environment.application.name, "environment": environment.name}
