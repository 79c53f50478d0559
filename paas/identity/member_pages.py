"""The members of a team in the console: who has which role, given and taken by its owners."""

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
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from paas.core.errors import NotFound, Refusal
from paas.core.permissions import allowed, is_operator, visible
from paas.core.site import console, refuse
from paas.identity import services
from paas.identity.models import ApiToken, Team, User
from paas.identity.overviews import role_word, shown_members, team_sections
from paas.identity.roles import DEVELOPER, GRANTS, OWNER, RELEASER, VIEWER, role_of

ROLE_CHOICES = [
    (VIEWER, gettext_lazy("viewer: sees all, changes nothing")),
    (DEVELOPER, gettext_lazy("developer: deploys and configures")),
    (RELEASER, gettext_lazy("releaser: deploys to protected environments too")),
    (OWNER, gettext_lazy("owner: deploys, configures, chooses members")),
]

# What goes with a role, by permission word.
LOSSES = {
    "view": gettext_lazy("seeing the team and what belongs to it"),
    "deploy": gettext_lazy("deploying, configuring, storing secrets"),
    "release": gettext_lazy("deploying to protected environments, and approving what others propose"),
    "exec": gettext_lazy("opening terminals"),
    "own": gettext_lazy("choosing members, making projects and service accounts, retiring applications"),
}


class MemberForm(forms.Form):
    """A person by name, and the role they get."""

    username = forms.CharField(
        max_length=150, label=gettext_lazy("Username"), widget=UnfoldAdminTextInputWidget({"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        choices=ROLE_CHOICES,
        initial=VIEWER,
        label=gettext_lazy("Role"),
        widget=UnfoldAdminSelectWidget(),
    )


class RemoveForm(forms.Form):
    """The name of who goes, typed out."""

    name = forms.CharField(max_length=150, widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}))

    def __init__(self, *given: Any, user: User, **options: Any) -> None:
        super().__init__(*given, **options)
        self.user = user

    def clean_name(self) -> str:
        """As the person is called."""
        name = str(self.cleaned_data["name"])
        if name != self.user.username:
            raise forms.ValidationError(_("This is not their name."))
        return name


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
        "members": shown_members(team),
        "owns": allowed(request.user, "own", team),
        "form": form,
    }
    return TemplateResponse(request, "identity/members.html", context)


def remove_page(request: HttpRequest, pk: UUID, user: UUID) -> HttpResponse:
    """What the person loses first, then their name typed out."""
    team = visible(request.user, Team.objects.filter(pk=pk)).first()
    person = User.objects.filter(pk=user, team=None).first()
    back = reverse("admin:identity_team_members", args=[pk])
    role = role_of(team, person) if team and person else None
    if team is None or person is None or role is None or not allowed(request.user, "own", team):
        return HttpResponseRedirect(back)
    form = RemoveForm(request.POST if request.method == "POST" else None, user=person)
    if request.method == "POST" and form.is_valid():
        try:
            services.remove_member(team=team, user=person, actor=request.user)
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("%(name)s is no member any more.") % {"name": person.username})
            # Who leaves a team does not see it any more.
            gone = person == request.user and not allowed(request.user, "view", team)
            return HttpResponseRedirect(reverse("admin:identity_team_changelist") if gone else back)
    context = {
        **console.each_context(request),
        "title": _("Take %(name)s out of %(team)s") % {"name": person.username, "team": team},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "person": person,
        "word": role_word(role),
        "losses": [LOSSES[each] for each in GRANTS.get(role, ()) if each in LOSSES],
        "stays": is_operator(person),
        "tokens": ApiToken.objects.filter(user=person).count(),
        "sections": team_sections(request, team),
        "form": form,
        "back": back,
    }
    return TemplateResponse(request, "identity/member_remove.html", context)


def _act(request: HttpRequest, team: Team, username: str, role: str) -> str:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound("user_not_found", f"There is no person named '{username[:80]}'.")
    services.add_member(team=team, user=user, role=role, actor=request.user)
    return _("%(name)s has the role %(role)s now.") % {"name": username, "role": role_word(role)}
