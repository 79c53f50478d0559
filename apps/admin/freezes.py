"""Freezes in the console: what is in force and to come, a form for another one, and who released in spite of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps import services
from apps.admin.forms import FreezeForm
from apps.admin.views import acted, page, streamed
from apps.delivery import APPROVALS_CHANNEL, HOME_CHANNEL
from apps.models import FreezeWindow
from apps.selectors.freezes import COMING, freezes_of
from paas.core.errors import Refusal
from paas.core.models import AuditEvent
from paas.core.permissions import Actor, fresh, is_operator, visible, words
from paas.core.site import refused, register_view
from paas.core.sse import stream
from paas.identity.models import Team

MOST_OVER = 20
ALL = gettext_lazy("all teams")


def list_view(request: HttpRequest) -> HttpResponse:
    """What is frozen now or will be, what was, and for who may declare a freeze the form."""
    teams = _teams(request.user)
    form = FreezeForm(request.POST if request.method == "POST" else None, teams=teams)

    def act(said: dict[str, Any]) -> str:
        team = visible(request.user, Team.objects.all()).filter(name=said["team"]).first()
        made = services.declare_freeze(**{**said, "team": team}, actor=request.user)
        return _("Frozen until %(until)s.") % {"until": made.local(made.ends_at)}

    if answer := acted(request, form, act, done=request.path):
        return answer
    context = {
        "title": _("Freezes"),
        "form": form,
        "may": bool(teams),
        "live": reverse("admin:freezes_live"),
        **_seen(request.user, teams),
    }
    return page(request, "applications/freezes.html", context)


def live_view(request: HttpRequest) -> HttpResponseBase:
    """What is frozen, as it changes, and who releases in spite of it."""
    token = get_token(request)

    def read() -> dict[str, Any]:
        actor = fresh(request.user)
        seen = {**_seen(actor, _teams(actor)), "csrf_token": token}
        return {"html": render_to_string("applications/freezes_live.html", seen)}

    return streamed(lambda: stream(read, APPROVALS_CHANNEL, HOME_CHANNEL))


def _seen(actor: Actor, teams: list[tuple[str, str]]) -> dict[str, Any]:
    """{"coming", "over"}: lines of what is in force and to come, the first first, and of what was."""
    found = freezes_of(actor)
    owned = {name for name, _title in teams}
    return {
        "coming": _rows(list(found.filter(COMING).order_by("starts_at")), owned),
        "over": _rows(list(found.exclude(COMING)[:MOST_OVER]), set()),
    }


def end_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End one before its time."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    freeze = get_object_or_404(freezes_of(request.user), pk=pk)
    try:
        services.end_freeze(freeze=freeze, actor=request.user, reason=request.POST.get("reason", "")[:2000])
        messages.success(request, _("The freeze is over."))
    except Refusal as refusal:
        messages.error(request, refused(refusal))
    return HttpResponseRedirect(reverse("admin:freezes"))


def _teams(actor: Actor) -> list[tuple[str, str]]:
    """Whose environments the person may freeze: (name, what it is called)."""
    owned = [each.name for each in visible(actor, Team.objects.all()) if "own" in words(actor, each)]
    return [*([("", str(ALL))] if is_operator(actor) else []), *((name, name) for name in owned)]


def _rows(found: list[FreezeWindow], owned: set[str]) -> list[dict[str, Any]]:
    """Lines of the table; who passed a freeze is read for all of them in one query."""
    passed: dict[str, list[AuditEvent]] = {}
    ids = [str(each.pk) for each in found]
    events = AuditEvent.objects.filter(object_type=FreezeWindow._meta.label, object_id__in=ids)
    for event in events.filter(action="freeze.overridden").order_by("id"):
        passed.setdefault(event.object_id, []).append(event)
    return [
        {
            "freeze": each,
            "team": each.team.name if each.team else ALL,
            "from": each.local(each.starts_at),
            "until": each.local(each.ends_at),
            "passed": passed.get(str(each.pk), []),
            "ends": (each.team.name if each.team else "") in owned,
        }
        for each in found
    ]


register_view("freezes/", list_view, name="freezes")
register_view("freezes-live/", live_view, name="freezes_live")
register_view("freezes/<uuid:pk>/end/", end_view, name="freeze_end")
