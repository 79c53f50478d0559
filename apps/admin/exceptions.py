"""The pages of a team's exceptions: which there are, the form that asks for one, and the decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps import services
from apps.admin.tenants import TITLES, WORDS
from apps.admin.views import Button, acted, denied, page
from apps.models import TenantException
from apps.selectors.tenants import exceptions_of
from apps.services.exceptions import MOST_DAYS
from apps.tenants import CLOSED, FIGURES, OPEN, SWITCHES
from clusters.admin.badges import GOOD, INFO, PLAIN, WARN, Badge
from clusters.admin.tables import Table
from clusters.models import Cluster
from paas.core.forms import ReasonForm
from paas.core.moments import when
from paas.core.permissions import allowed, is_operator, visible
from paas.core.site import register_view
from paas.identity.models import Team

MOST_SHOWN = 200
State = TenantException.State
STATES = {
    State.PROPOSED: (gettext_noop("asked for"), WARN),
    State.IN_FORCE: (gettext_noop("in force"), GOOD),
    State.REFUSED: (gettext_noop("refused"), PLAIN),
    State.ENDED: (gettext_noop("ended"), INFO),
}


class ExceptionForm(forms.Form):
    """Figures that are needed for a while, and why."""

    cluster = forms.ChoiceField(required=False, label=gettext_lazy("On"), widget=UnfoldAdminSelectWidget())
    days = forms.IntegerField(
        min_value=1, max_value=MOST_DAYS, initial=7, label=gettext_lazy("Days"), widget=UnfoldAdminIntegerFieldWidget()
    )
    reason = forms.CharField(
        max_length=2000,
        label=gettext_lazy("What for; who decides reads it"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )

    def __init__(self, *given: Any, clusters: list[str], **options: Any) -> None:
        super().__init__(*given, **options)
        choices: Any = self.fields
        choices["cluster"].choices = [("", _("all clusters")), *((name, name) for name in clusters)]
        for name in FIGURES:
            text = forms.CharField(required=False, max_length=4000, widget=UnfoldAdminTextInputWidget())
            closed = [("", _("as it is")), (CLOSED, _(WORDS[CLOSED])), (OPEN, _(WORDS[OPEN]))]
            chosen = forms.ChoiceField(required=False, choices=closed, widget=UnfoldAdminSelectWidget())
            self.fields[name] = chosen if name in SWITCHES else text
            self.fields[name].label = _(TITLES[name])
        self.order_fields(("cluster", *FIGURES, "days", "reason"))


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All of them, and the form for those who deploy for the team."""
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    asks = is_operator(request.user) or allowed(request.user, "deploy", team)
    if request.method == "POST" and not asks and (refusal := denied(request, "deploy", team, back=request.path)):
        return refusal
    names = list(Cluster.objects.order_by("name").values_list("name", flat=True))
    form = ExceptionForm(request.POST if request.method == "POST" else None, clusters=names) if asks else None

    def act(said: dict[str, Any]) -> str:
        services.propose_exception(
            team=team,
            cluster=Cluster.objects.get(name=said["cluster"]) if said["cluster"] else None,
            figures={name: said[name] for name in FIGURES if said[name]},
            days=said["days"],
            reason=said["reason"],
            actor=request.user,
        )
        return _("It is in force.") if is_operator(request.user) else _("It is asked for: an operator decides.")

    if form is not None and (answer := acted(request, form, act, done=request.path)):
        return answer
    found = exceptions_of(request.user, team)[:MOST_SHOWN]
    context = {
        "title": _("Exceptions of %(team)s") % {"team": team},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "table": Table(_("Exceptions"), _headers(), [_row(team, each) for each in found], _("none")),
        "form": form,
    }
    return page(request, "applications/exceptions.html", context)


def decide(request: HttpRequest, pk: UUID, exception: UUID) -> HttpResponse:
    """One of them: accept, refuse, take back or end it."""
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    row = get_object_or_404(exceptions_of(request.user, team), pk=exception)
    back = reverse("admin:team_exceptions", args=[pk])
    form = ReasonForm(request.POST if request.method == "POST" else None)
    chosen = request.POST.get("act") == "accept"

    def act(said: dict[str, Any]) -> str:
        service = services.accept_exception if chosen else services.end_exception
        service(exception=row, actor=request.user, reason=said["reason"])
        return _("It is in force.") if chosen else _("It does not hold any more.")

    if answer := acted(request, form, act, done=back):
        return answer
    operates = is_operator(request.user)
    accepts = operates and row.state == State.PROPOSED
    context = {
        "title": _("Exception of %(of)s") % {"of": row},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "exception": row,
        "table": Table(_("Exceptions"), _headers(), [_row(team, row)]),
        "accepts": accepts,
        "open": row.state in (State.PROPOSED, State.IN_FORCE),
        "decides": operates or allowed(request.user, "deploy", team),
        "buttons": [
            *([Button("accept", _("Accept"), "check", "primary")] if accepts else []),
            Button("end", _("End it"), "close"),
        ],
        "form": form,
        "back": back,
    }
    return page(request, "applications/exception.html", context)


def _headers() -> list[str]:
    return [_("State"), _("Cluster"), _("What"), _("Who answers for it"), _("Why"), _("Until")]


def _row(team: Team, each: TenantException) -> list[Any]:
    word, tone = STATES[State(each.state)]
    link = {
        "href": reverse("admin:team_exception", args=[team.pk, each.pk]),
        "text": ", ".join(f"{_(TITLES[name])}: {_said(value)}" for name, value in each.figures.items()),
    }
    until = when(each.ends_at) if each.ends_at else _("%(days)s days from its acceptance") % {"days": each.days}
    cluster = each.cluster.name if each.cluster else _("all clusters")
    what = render_to_string("applications/exception_link.html", link)
    return [Badge(word, tone).html(), cluster, what, each.owner_name, each.reason, until]


def _said(value: Any) -> str:
    return _(WORDS[value]) if value in WORDS else str(value)


register_view("teams/<uuid:pk>/exceptions/", show, name="team_exceptions")
register_view("teams/<uuid:pk>/exceptions/<uuid:exception>/", decide, name="team_exception")
