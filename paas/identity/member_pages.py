"""The members of a team in the console: who has which role, given and taken by its owners. Pages of projects give and
take theirs by the same two functions, `given` and `taken`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from paas.core.forms import TypedNameForm
from paas.core.models import Versioned
from paas.core.pages import acted, denied, page
from paas.core.permissions import allowed, is_operator, visible
from paas.identity import services
from paas.identity.models import ApiToken, Team
from paas.identity.overviews import member_rows, role_word, team_sections
from paas.identity.roles import DEVELOPER, GRANTS, OWNER, RELEASER, VIEWER, Member, members, person_named

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
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    give = partial(services.add_member, team=team)
    return given(request, team, member_rows(team, members(team)), give=give, template="identity/members.html")


def remove_page(request: HttpRequest, pk: UUID, user: UUID) -> HttpResponse:
    """What the person loses first, then their name typed out."""
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    member = next((each for each in members(team) if each.user.pk == user), None)
    if member is None:
        raise Http404
    return taken(
        request,
        team,
        member,
        take=partial(services.remove_member, team=team),
        told=_("%(name)s is no member any more.") % {"name": member.user.username},
        sections=team_sections(request, team),
    )


def given(
    request: HttpRequest, of: Versioned, rows: list[dict[str, Any]], *, give: Callable[..., None], template: str
) -> HttpResponse:
    """The page of those with a role on a team or a project, and for its owners the form that gives one.

    Args:
        rows: by `member_rows`.
        give: the service, which is told `user`, `role` and `actor`.
    """
    # Filled in, or with the person that the address names.
    sent = request.POST if request.method == "POST" else None
    form = MemberForm(sent, initial={"username": request.GET.get("who", "")})

    def act(said: dict[str, Any]) -> str:
        user = person_named(said["username"], kept_out=True)
        give(user=user, role=said["role"], actor=request.user)
        return _("%(name)s has the role %(role)s now.") % {"name": user.username, "role": role_word(said["role"])}

    if answer := acted(request, form, act, done=request.path):
        return answer
    context = {
        "title": _("Members of %(team)s") % {"team": of},
        "opts": of._meta,
        "original": of,
        str(of._meta.model_name): of,
        "members": rows,
        "owns": allowed(request.user, "own", of),
        "form": form,
    }
    return page(request, template, context)


def taken(
    request: HttpRequest, of: Versioned, member: Member, *, take: Callable[..., None], told: str, **more: Any
) -> HttpResponse:
    """The page on which an owner of a team or a project takes somebody's role on it.

    Args:
        take: the service, which is told `user` and `actor`.
        told: once it is done.
        more: what else identity/member_remove.html tells of who goes.
    """
    person, noun = member.user, of._meta.model_name
    back = reverse(f"admin:{of._meta.app_label}_{noun}_members", args=[of.pk])
    if refusal := denied(request, "own", of, back=back):
        return refusal
    form = RemoveForm(request.POST if request.method == "POST" else None, expected=person.username)

    def act(said: dict[str, Any]) -> str:
        take(user=person, actor=request.user)
        return told

    if answer := acted(request, form, act, done=back):
        # Who gave up the last role of their own does not see it any more.
        gone = person == request.user and not allowed(request.user, "view", of)
        return HttpResponseRedirect(reverse(f"admin:{of._meta.app_label}_{noun}_changelist")) if gone else answer
    context = {
        "title": _("Take %(name)s out of %(team)s") % {"name": person.username, "team": of},
        "opts": of._meta,
        "original": of,
        "person": person,
        "word": role_word(member.role),
        "losses": [LOSSES[each] for each in GRANTS.get(member.role, ()) if each in LOSSES],
        "stays": is_operator(person),
        "tokens": ApiToken.objects.filter(user=person).count(),
        "icon": "group_remove",
        "form": form,
        "back": back,
        "twin": f"dougong {noun} remove {of} {person.username} · "
        f"DELETE /api/v1/{noun}s/{of}/members/{person.username}/",
        **more,
    }
    return page(request, "identity/member_remove.html", context)
