"""The members of a team in the console: who has which role, given and taken by its owners. Pages of projects give and
take theirs with the same forms.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from paas.core.forms import TypedNameForm
from paas.core.models import Versioned
from paas.core.pages import acted, page
from paas.core.permissions import allowed, is_operator, visible
from paas.identity import services
from paas.identity.models import ApiToken, Team, User
from paas.identity.overviews import member_rows, role_word, team_sections
from paas.identity.roles import DEVELOPER, GRANTS, OWNER, RELEASER, VIEWER, members, person_named, role_of

ROLE_CHOICES = [
    (VIEWER, gettext_lazy("viewer: sees all, changes nothing")),
    (DEVELOPER, gettext_lazy("developer: deploys and configures")),
    (RELEASER, gettext_lazy("releaser: deploys to protected environments too")),
    (OWNER, gettext_lazy("owner: deploys, configures, chooses members")),
]

# What goes with a role, by permission word.
LOSSES = {
    "view": gettext_lazy("seeing it and what belongs to it"),
    "deploy": gettext_lazy("deploying, configuring, storing secrets"),
    "release": gettext_lazy("deploying to protected environments, and approving what others propose"),
    "exec": gettext_lazy("opening terminals"),
    "own": gettext_lazy("choosing members, retiring applications, and whatever else its owners alone may"),
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


class RemoveForm(TypedNameForm):
    """The name of who goes, typed out."""

    asked = gettext_lazy("To confirm, type their name:")


def members_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The members, and for owners the form that changes them."""
    team = visible(request.user, Team.objects.filter(pk=pk)).first()
    if team is None:
        return HttpResponseRedirect(reverse("admin:identity_team_changelist"))
    form = member_form(request)

    def act(said: dict[str, Any]) -> str:
        user = person_named(said["username"], kept_out=True)
        services.add_member(team=team, user=user, role=said["role"], actor=request.user)
        return has_the_role(user, said["role"])

    if answer := acted(request, form, act, done=request.path):
        return answer
    owns = allowed(request.user, "own", team)
    context = {
        "title": _("Members of %(team)s") % {"team": team},
        "opts": Team._meta,
        "original": team,
        "team": team,
        "members": member_rows(team, members(team), remove=(lambda user: _remove(team, user)) if owns else None),
        "owns": owns,
        "form": form,
    }
    return page(request, "identity/members.html", context)


def remove_page(request: HttpRequest, pk: UUID, user: UUID) -> HttpResponse:
    """What the person loses first, then their name typed out."""
    team = visible(request.user, Team.objects.filter(pk=pk)).first()
    person = User.objects.filter(pk=user, team=None).first()
    back = reverse("admin:identity_team_members", args=[pk])
    role = role_of(team, person) if team and person else None
    if team is None or person is None or role is None or not allowed(request.user, "own", team):
        return HttpResponseRedirect(back)
    form = RemoveForm(request.POST if request.method == "POST" else None, expected=person.username)

    def act(said: dict[str, Any]) -> str:
        services.remove_member(team=team, user=person, actor=request.user)
        return _("%(name)s is no member any more.") % {"name": person.username}

    if answer := acted(request, form, act, done=back):
        # Who leaves a team does not see it any more.
        gone = person == request.user and not allowed(request.user, "view", team)
        return HttpResponseRedirect(reverse("admin:identity_team_changelist")) if gone else answer
    context = {
        **what_is_lost(person, role, of=team),
        "opts": Team._meta,
        "sections": team_sections(request, team),
        "form": form,
        "back": back,
        "twin": f"dougong team remove {team.name} {person.username} · "
        f"DELETE /api/v1/teams/{team.name}/members/{person.username}/",
    }
    return page(request, "identity/member_remove.html", context)


def member_form(request: HttpRequest) -> MemberForm:
    """Filled in, or with the person that the address names."""
    given = request.POST if request.method == "POST" else None
    return MemberForm(given, initial={"username": request.GET.get("who", "")})


def has_the_role(user: User, role: str) -> str:
    """What is told when a role was given."""
    return _("%(name)s has the role %(role)s now.") % {"name": user.username, "role": role_word(role)}


def what_is_lost(person: User, role: str, *, of: Versioned) -> dict[str, Any]:
    """What identity/member_remove.html tells of somebody who loses a role on a team or a project."""
    return {
        "title": _("Take %(name)s out of %(team)s") % {"name": person.username, "team": of},
        "original": of,
        "person": person,
        "word": role_word(role),
        "losses": [LOSSES[each] for each in GRANTS.get(role, ()) if each in LOSSES],
        "stays": is_operator(person),
        "tokens": ApiToken.objects.filter(user=person).count(),
        "icon": "group_remove",
    }


def _remove(team: Team, user: User) -> str:
    return reverse("admin:identity_team_member_remove", args=[team.pk, user.pk])
