"""Break-glass in the console: which roles were taken on a team, the form for operators, and the end by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from paas.core.errors import Refusal
from paas.core.pages import acted, page
from paas.core.permissions import allowed, is_operator, visible
from paas.core.site import refused
from paas.identity import break_glass
from paas.identity.models import Team
from paas.identity.overviews import ROLE_WORDS
from paas.identity.roles import OWNER

MOST = 50


class TakeForm(forms.Form):
    """Which role, for how long, and why."""

    role = forms.ChoiceField(
        choices=list(ROLE_WORDS.items()), initial=OWNER, label=gettext_lazy("Role"), widget=UnfoldAdminSelectWidget()
    )
    minutes = forms.IntegerField(
        initial=30, min_value=1, label=gettext_lazy("Minutes"), widget=UnfoldAdminIntegerFieldWidget()
    )
    reason = forms.CharField(
        max_length=2000,
        label=gettext_lazy("Reason; the team's owners read it"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


def break_glass_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was taken on a team, and for operators the form."""
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    form = TakeForm(request.POST if request.method == "POST" else None)

    def act(said: dict[str, Any]) -> str:
        taken = break_glass.take_role(team=team, actor=request.user, **said)
        return _("You have the role %(role)s.") % {"role": ROLE_WORDS[taken.role]}

    if answer := acted(request, form, act, done=request.path):
        return answer
    context = {
        "title": _("Break-glass on %(team)s") % {"team": team},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "rows": rows(request, team),
        "operates": is_operator(request.user),
        "form": form,
    }
    return page(request, "identity/break_glass.html", context)


def end_page(request: HttpRequest, pk: UUID, taken: UUID) -> HttpResponse:
    """End one before its time."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    found = get_object_or_404(break_glass.taken_roles(request.user, team), pk=taken)
    try:
        break_glass.end_taken_role(taken=found, actor=request.user)
        messages.success(request, _("The role is over."))
    except Refusal as refusal:
        messages.error(request, refused(refusal))
    return HttpResponseRedirect(reverse("admin:identity_team_break_glass", args=[pk]))


def rows(request: HttpRequest, team: Team) -> list[dict[str, Any]]:
    """Lines of the list: {"taken", "role", "open", "ends"}."""
    owns, now = allowed(request.user, "own", team), timezone.now()
    found = []
    for each in break_glass.taken_roles(request.user, team)[:MOST]:
        is_open = each.ended_at is None and each.until > now
        ends = is_open and (owns or each.user == request.user)
        found.append({"taken": each, "role": ROLE_WORDS[each.role], "open": is_open, "ends": ends})
    return found
