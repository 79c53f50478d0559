"""What holds a team back, in the console: operators cordon it, its owners protect it, each with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from paas.core.errors import Refusal
from paas.core.permissions import allowed, is_operator, visible
from paas.core.site import console, refuse
from paas.identity import holds
from paas.identity.models import Team

CORDON, UNCORDON, PROTECT, UNPROTECT = ACTS = ("cordon", "uncordon", "protect", "unprotect")


class HoldForm(forms.Form):
    """What to do, and why."""

    act = forms.ChoiceField(choices=[(each, each) for each in ACTS], widget=forms.HiddenInput())
    reason = forms.CharField(
        required=False,
        max_length=2000,
        label=gettext_lazy("Reason, for the audit trail"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


def holds_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Both, with the act that changes each for who may."""
    team = visible(request.user, Team.objects.filter(pk=pk)).first()
    if team is None:
        return HttpResponseRedirect(reverse("admin:identity_team_changelist"))
    form = HoldForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _act(request, team, **form.cleaned_data))
            return HttpResponseRedirect(reverse("admin:identity_team_change", args=[pk]))
        except Refusal as refusal:
            refuse(form, refusal)
    context = {
        **console.each_context(request),
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
    return TemplateResponse(request, "identity/holds.html", context)


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
