"""What holds a team back, in the console: operators cordon it, its owners protect it, each with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from paas.core.forms import ReasonForm
from paas.core.pages import acted, page
from paas.core.permissions import allowed, is_operator, visible
from paas.identity import holds
from paas.identity.models import Team

CORDON, UNCORDON, PROTECT, UNPROTECT = ACTS = ("cordon", "uncordon", "protect", "unprotect")


class HoldForm(ReasonForm):
    """What to do, and why."""

    act = forms.ChoiceField(choices=[(each, each) for each in ACTS], widget=forms.HiddenInput())


def holds_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Both, with the act that changes each for who may."""
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    form = HoldForm(request.POST if request.method == "POST" else None)

    def act(said: dict[str, Any]) -> str:
        return _act(request, team, **said)

    if answer := acted(request, form, act, done=reverse("admin:identity_team_change", args=[pk])):
        return answer
    context = {
        "title": _("Cordon and protection of %(team)s") % {"team": team},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "operates": is_operator(request.user),
        "owns": allowed(request.user, "own", team),
        "form": form,
        # Two on one page: each field has an id of its own.
        "cordon_form": _cordon_form(team),
        "protection_form": HoldForm(auto_id="protection_%s"),
    }
    return page(request, "identity/holds.html", context)


def _cordon_form(team: Team) -> HoldForm:
    form = HoldForm(auto_id="cordon_%s")
    if team.cordoned_at is None:
        form.fields["reason"].label = _("Reason; whoever is refused reads it")
    return form


def _act(request: HttpRequest, team: Team, *, act: str, reason: str) -> str:
    given: dict[str, Any] = {"team": team, "actor": request.user, "reason": reason}
    if act in (CORDON, UNCORDON):
        made = holds.cordon_team(cordoned=act == CORDON, **given)
        told = _("%(team)s is cordoned now.") if made.cordoned_at else _("%(team)s is not cordoned now.")
    else:
        made = holds.protect_team(protected=act == PROTECT, **given)
        told = _("%(team)s is protected now.") if made.protected else _("%(team)s is not protected now.")
    return told % {"team": made}
