"""The terminal page of an environment: its switch, a terminal, who opened which before, and replays."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps import selectors, services
from apps.admin.logs import processes_of
from apps.admin.views import acted, page, streamed
from apps.models import Application, Environment, Terminal
from apps.selectors import terminals as reads
from paas.core.errors import Invalid
from paas.core.forms import ReasonForm
from paas.core.permissions import allowed, not_found

MOST_SHOWN = 20


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("environments/<uuid:pk>/terminal/", view(show), name="applications_environment_terminal"),
        path("environments/<uuid:pk>/terminal/open/", view(open_one), name="applications_environment_terminal_open"),
        path("terminals/<uuid:pk>/", view(replay), name="applications_terminal"),
        path("terminals/<uuid:pk>/recording.cast", view(download), name="applications_terminal_recording"),
    ]


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page; POST turns the switch."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    on = request.POST.get("allowed") == "on"

    def act(said: dict[str, Any]) -> str:
        services.allow_exec(environment=environment, allowed=on, actor=request.user, reason=said["reason"])
        return _("Terminals are turned on.") if on else _("Terminals are turned off.")

    if answer := acted(request, form, act, done=request.path):
        return answer
    application = environment.application
    name = f"{application.project.name}/{application.name} {environment.name}"
    access = reads.exec_access(request.user, environment)
    found = reads.terminals_of(request.user).filter(environment=environment)[:MOST_SHOWN]
    context = {
        "title": _("Terminal in %(environment)s of %(application)s")
        % {"application": application.name, "environment": environment.name},
        "opts": Application._meta,
        "original": application,
        "environment": environment,
        "form": form,
        "access": access,
        "minutes": access.seconds // 60,
        "idle_minutes": access.idle_seconds // 60,
        "owns": allowed(request.user, "own", environment),
        "open": reverse("admin:applications_environment_terminal_open", args=[pk]),
        "processes": processes_of(environment),
        "clusters": sorted(each.cluster.name for each in environment.placements.all()),
        "terminals": [_row(each, reads.may_replay(request.user, each)) for each in found],
        "headings": [_("When"), _("By"), _("Where"), _("Command"), _("Ending"), _("Reason"), _("Recording")],
        "keys": [(3, "Ctrl+C"), (4, "Ctrl+D"), (9, "Tab")],
        "words": _words_of_the_script(),
        "twin": f"dougong exec {name} -- sh · POST /api/v1/environments/{pk}/exec/",
        "switch_twin": f"dougong exec {name} {'--forbid' if access.allowed else '--allow'}",
        "list_twin": f"dougong exec {name} --recordings",
    }
    return page(request, "applications/terminal.html", context)


@require_POST
def open_one(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A ticket, as JSON."""

    def begin() -> HttpResponseBase:
        environment = selectors.environments_of(request.user).filter(pk=pk).first()
        if environment is None:
            raise not_found(Environment)
        process, cluster, reason = (request.POST.get(name, "") for name in ("process", "cluster", "reason"))
        opened = services.open_terminal(
            environment=environment,
            actor=request.user,
            command=_words(request.POST.get("command", "")),
            process=process,
            cluster=cluster,
            reason=reason,
        )
        row = opened.terminal
        return JsonResponse({"id": str(row.pk), "ticket": opened.ticket, "where": f"{row.cluster}/{row.pod}"})

    return streamed(begin)


def replay(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was shown, as text; the script reads the recording."""
    row = get_object_or_404(reads.terminals_of(request.user), pk=pk)
    environment = row.environment
    name = f"{environment.application.project.name}/{environment.application.name} {environment.name}"
    context = {
        "title": _("Recording of %(terminal)s") % {"terminal": str(row)},
        "opts": Application._meta,
        "original": environment.application,
        "environment": environment,
        "back": reverse("admin:applications_environment_terminal", args=[environment.pk]),
        "terminal": _row(row, reads.may_replay(request.user, row)),
        "twin": f"dougong exec {name} --replay {pk} · GET /api/v1/terminals/{pk}/recording/",
    }
    return page(request, "applications/replay.html", context)


def download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The recording, as asciinema plays it."""

    def begin() -> HttpResponseBase:
        row = reads.terminals_of(request.user).filter(pk=pk).first()
        if row is None:
            raise not_found(Terminal)
        text = "".join(reads.recording(request.user, row))
        headers = {"Content-Disposition": f'attachment; filename="{pk}.cast"'}
        return HttpResponse(text, content_type="application/x-asciicast", headers=headers)

    return streamed(begin)


def _words_of_the_script() -> dict[str, str]:
    return {
        "opening": _("Opening…"),
        "open": _("Open:"),
        "ended": _("Ended:"),
        "broken": _("The connection broke off."),
    }


def _row(row: Terminal, replayed: bool) -> dict[str, Any]:
    shown = replayed and row.attached_at is not None
    ending = row.ending or _("open")
    return {
        "terminal": row,
        "command": shlex.join(row.command),
        "ending": ending if row.exit_code is None else f"{ending} {row.exit_code}",
        "replay": reverse("admin:applications_terminal", args=[row.pk]) if shown else "",
        "recording": reverse("admin:applications_terminal_recording", args=[row.pk]) if shown else "",
    }


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise Invalid("command_invalid", f"The command cannot be read: {error}.") from None
