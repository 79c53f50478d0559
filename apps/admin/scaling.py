"""The scaling page of an environment: bounds and windows, what each scaler sees, what it decided last, and advice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps import selectors
from apps.admin.views import environment_stream, page
from apps.models import Application, Environment
from clusters.admin import badges, tables
from clusters.admin.badges import GOOD, PLAIN, WARN, Badge, spaced
from clusters.quantity import quantity
from paas.core.moments import when

Said = Mapping[str, Any]


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("environments/<uuid:pk>/scaling/", view(show), name="applications_environment_scaling"),
        path("environments/<uuid:pk>/scaling/live/", view(live), name="applications_environment_scaling_live"),
    ]


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """As it is desired, and as the scalers were when they were looked at last."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    application = environment.application
    context = {
        **_scalers(environment),
        "title": _("Scaling of %(application)s in %(environment)s")
        % {"application": application.name, "environment": environment.name},
        "opts": Application._meta,
        "original": application,
        "environment": environment,
        "live": reverse("admin:applications_environment_scaling_live", args=[pk]),
    }
    return page(request, "applications/scaling.html", context)


def live(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """What the scalers see and decide, as it changes."""
    return environment_stream(request, pk, "applications/scalers.html", _scalers)


def _scalers(environment: Environment) -> dict[str, Any]:
    """What applications/scalers.html needs."""
    seen = selectors.scaling(environment)
    return {
        "scalers": [_horizontal(each) for each in seen["horizontal"]],
        "advice": _advice(seen["vertical"]) if seen["vertical"] else None,
    }


def _horizontal(each: Said) -> dict[str, Any]:
    change = each["next_change"]
    return {
        "process": each["process"],
        "cluster": each["cluster"],
        "health": badges.health(each["health"]).html(),
        "message": each["message"],
        "seen": when(each["seen_at"]) if each["seen_at"] else "",
        "figures": [
            (_("Current"), _known(each["current"])),
            (_("Wanted"), _known(each["desired"])),
            (_("Fewest"), each["min"]),
            (_("Most"), each["max"]),
            *((_aim(metric["name"]), _metric(metric)) for metric in each["metrics"]),
            (_("Last scaled"), when(each["scaled_at"]) if each["scaled_at"] else _("never")),
            *([(_("Next change"), _change(change))] if change else []),
        ],
        "windows": _windows(each) if each["windows"] else None,
        "decisions": _decisions(each),
    }


def _known(number: int | None) -> str:
    return _("not known yet") if number is None else str(number)


def _aim(resource: str) -> str:
    return "CPU" if resource == "cpu" else _("Memory")


def _metric(metric: Said) -> str:
    if metric["current"] is None:
        return _("not known yet, aims at %(target)s %%") % {"target": metric["target"]}
    return _("%(current)s %%, aims at %(target)s %%") % metric


def _change(change: Said) -> str:
    return _("%(at)s: %(min)s to %(max)s") % {**change, "at": when(change["at"])}


def _windows(each: Said) -> tables.Table:
    own = each["own"]
    opened = any(window["open"] for window in each["windows"])
    rows: list[tables.Cells] = [
        [
            window["name"],
            (Badge(gettext_noop("Open"), GOOD) if window["open"] else Badge(gettext_noop("Closed"), PLAIN)).html(),
            _range(window),
            window["start"],
            window["end"],
            window["time_zone"],
        ]
        for window in each["windows"]
    ]
    state = Badge(gettext_noop("Closed"), PLAIN) if opened else Badge(gettext_noop("Open"), GOOD)
    rows.append([_("outside all windows"), state.html(), _range(own), "–", "–", "–"])
    headers = [_("Window"), _("Now"), _("Replicas"), _("Begins"), _("Ends"), _("Time zone")]
    return tables.Table(_("Windows"), headers, rows)


def _range(bounds: Said) -> str:
    return _("%(min)s to %(max)s") % bounds


def _decisions(each: Said) -> tables.Table:
    """What it decided, then what it says of itself now."""
    rows: list[tables.Cells] = [
        [_when(decision["at"]), Badge(gettext_noop("Scaled"), GOOD).html(), decision["message"]]
        for decision in each["decisions"]
    ]
    rows += [
        [_when(said.get("since")), Badge(spaced(said["reason"] or said["type"]), _tone(said)).html(), said["message"]]
        for said in each["conditions"]
    ]
    headers = [_("Since"), _("Reason"), _("Message")]
    return tables.Table(_("Decisions and reasons"), headers, rows, _("It has said nothing yet."))


def _when(at: str | None) -> str:
    return when(at) if at else "–"


def _tone(said: Said) -> str:
    """Being limited is worth a look when it is true, all else when it is not."""
    return GOOD if (said["status"] == "True") != (said["type"] == "ScalingLimited") else WARN


def _advice(found: list[Said]) -> tables.Table:
    rows: list[tables.Cells] = [
        [
            each["process"],
            each["cluster"],
            each["mode"],
            "CPU" if resource == "cpu" else _("Memory"),
            each["requested"].get(resource, "–"),
            each["advised"].get(resource, _("none yet")),
            _saving(each["requested"].get(resource), each["advised"].get(resource)),
        ]
        for each in found
        for resource in each["resources"]
    ]
    headers = [_("Process"), _("Cluster"), _("Mode"), _("Resource"), _("Asked for"), _("Advised"), _("Saved")]
    return tables.Table(_("Advice of vertical scalers"), headers, rows)


def _saving(requested: str | None, advised: str | None) -> str:
    """Percent of what is asked for that would be saved, negative where more is needed."""
    if requested is None or advised is None or not quantity(requested):
        return "–"
    return f"{round(100 * (1 - quantity(advised) / quantity(requested)))} %"
