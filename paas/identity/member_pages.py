"""The members of a team in the console: who has which role, given and taken by its owners."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from paas.core.errors import NotFound, Refusal
from paas.core.permissions import allowed, visible
from paas.core.site import console, refuse
from paas.identity import services
from paas.identity.models import Team, User
from paas.identity.roles import DEVELOPER, OWNER, RELEASER, VIEWER, members

ROLE_WORDS = {
    OWNER: gettext_lazy("owner"),
    RELEASER: gettext_lazy("releaser"),
    DEVELOPER: gettext_lazy("developer"),
    VIEWER: gettext_lazy("viewer"),
}
ROLE_CHOICES = [
    (VIEWER, gettext_lazy("viewer: sees all, changes nothing")),
    (DEVELOPER, gettext_lazy("developer: deploys and configures")),
    (RELEASER, gettext_lazy("releaser: deploys to protected environments too")),
    (OWNER, gettext_lazy("owner: deploys, configures, chooses members")),
]


class MemberForm(forms.Form):
    """A person by name, and the role they get; none takes theirs away."""

    username = forms.CharField(
        max_length=150, label=gettext_lazy("Username"), widget=UnfoldAdminTextInputWidget({"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        choices=[*ROLE_CHOICES, ("", gettext_lazy("none: is no member any more"))],
        required=False,
        initial=VIEWER,
        label=gettext_lazy("Role"),
        widget=UnfoldAdminSelectWidget(),
    )


def members_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The members, and for owners the form that changes them."""
    team = visible(request.user, Team.objects.filter(pk=pk)).first()
    if team is None:
        return HttpResponseRedirect(reverse("admin:identity_team_changelist"))
    form = MemberForm(
        request.POST if request.method == "POST" else None, initial={"username": request.GET.get("who", "")}
    )
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _act(request, team, form.cleaned_data["username"], form.cleaned_data["role"]))
            return HttpResponseRedirect(request.path)
        except Refusal as refusal:
            refuse(form, refusal)
    context = {
        **console.each_context(request),
        "title": _("Members of %(team)s") % {"team": team},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "members": [{"user": each.user, "role": ROLE_WORDS[each.role]} for each in members(team)],
        "owns": allowed(request.user, "own", team),
        "form": form,
    }
    return TemplateResponse(request, "identity/members.html", context)


def _act(request: HttpRequest, team: Team, username: str, role: str) -> str:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound("user_not_found", f"There is no person named '{username[:80]}'.")
    if role:
        services.add_member(team=team, user=user, role=role, actor=request.user)
        return _("%(name)s has the role %(role)s now.") % {"name": username, "role": ROLE_WORDS[role]}
    services.remove_member(team=team, user=user, actor=request.user)
    return _("%(name)s is no member any more.") % {"name": username}
