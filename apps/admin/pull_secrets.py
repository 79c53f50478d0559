"""The pages of a team's credentials for registries: which there are and how old, the form that stores one, and the page
that revokes one by its typed name. A password is written and never rendered again, not even after a mistake.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from apps import services
from apps.selectors.pull_secrets import PullSecret, pull_secrets_of
from clusters.admin.badges import GOOD, PLAIN, Badge
from clusters.admin.tables import Table
from paas.core.forms import ReasonForm, TypedNameForm
from paas.core.moments import span
from paas.core.pages import acted, denied, page
from paas.core.permissions import allowed, visible
from paas.core.site import register_view
from paas.identity.models import Team


class PullSecretForm(forms.Form):
    """A registry, who pulls from it, and by which password or token."""

    registry = forms.CharField(
        max_length=253,
        label=gettext_lazy("Registry, by its host"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
    )
    username = forms.CharField(
        max_length=253,
        label=gettext_lazy("Username"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
    )
    password = forms.CharField(
        strip=False,
        label=gettext_lazy("Password, or a token for reading"),
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
    )


class RevokeForm(TypedNameForm, ReasonForm):
    """The registry typed out, and why."""

    asked = gettext_lazy("To confirm, type the name of the registry:")


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All of them, and for owners the form."""
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    if request.method == "POST" and (refusal := denied(request, "own", team, back=request.path)):
        return refusal
    owns = allowed(request.user, "own", team)
    form = PullSecretForm(request.POST if request.method == "POST" else None) if owns else None

    def act(said: dict[str, Any]) -> str:
        made = services.set_pull_secret(team=team, actor=request.user, **said)
        return _("%(secret)s is stored; the team's namespaces have it within half a minute.") % {"secret": made}

    if form is not None and (answer := acted(request, form, act, done=request.path)):
        return answer
    headers = [_("Registry"), _("Username"), _("Version"), _("State"), _("Age"), _("By")]
    rows = [_row(team, each, owns=owns) for each in pull_secrets_of(team)]
    context = {
        "title": _("Pull secrets of %(team)s") % {"team": team},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "table": Table(_("Credentials for registries"), headers, rows, _("none")),
        "form": form,
    }
    return page(request, "applications/pull_secrets.html", context)


def revoke(request: HttpRequest, pk: UUID, registry: str) -> HttpResponse:
    """One of them: a typed name forgets it."""
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    back = reverse("admin:team_pull_secrets", args=[pk])
    if not any(each.current for each in pull_secrets_of(team, registry)):
        raise Http404
    if refusal := denied(request, "own", team, back=back):
        return refusal
    form = RevokeForm(request.POST if request.method == "POST" else None, expected=registry)

    def act(said: dict[str, Any]) -> str:
        services.revoke_pull_secret(
            team=team, registry=registry, confirm=said["name"], reason=said["reason"], actor=request.user
        )
        return _("%(registry)s is revoked.") % {"registry": registry}

    if answer := acted(request, form, act, done=back):
        return answer
    context = {
        "title": _("Revoke %(name)s") % {"name": registry},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "icon": "key_off",
        "form": form,
        "back": back,
        "twin": f"dougong pull-secret revoke {team.name} {registry} · "
        f"DELETE /api/v1/teams/{team.name}/pull-secrets/{registry}/?confirm={registry}",
    }
    return page(request, "applications/pull_secret_revoke.html", context)


def _row(team: Team, each: PullSecret, *, owns: bool) -> list[Any]:
    in_force = each.current is not None
    link = {"href": reverse("admin:team_pull_secret_revoke", args=[team.pk, each.name]), "text": each.name}
    named = render_to_string("applications/exception_link.html", link) if owns and in_force else each.name
    badge = Badge(gettext_noop("in force"), GOOD) if in_force else Badge(gettext_noop("revoked"), PLAIN)
    who = each.latest.created_by.get_username() if each.latest.created_by else "–"
    return [named, each.latest.username, f"v{each.latest.version}", badge.html(), span(each.age.total_seconds()), who]


register_view("teams/<uuid:pk>/pull-secrets/", show, name="team_pull_secrets")
register_view("teams/<uuid:pk>/pull-secrets/<str:registry>/revoke/", revoke, name="team_pull_secret_revoke")
