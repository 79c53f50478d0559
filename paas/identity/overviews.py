"""What the pages of a team and of a person show before anybody edits: members, tokens, what happened lately.

Rooms above add sections of what belongs to a team by `register_team_section`; nothing here knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from paas.core.models import AuditEvent, Versioned
from paas.core.moments import when
from paas.core.pages import page
from paas.core.permissions import allowed, is_operator
from paas.identity.models import AUDITORS, OPERATORS, ApiToken, Team, User
from paas.identity.person_pages import factors
from paas.identity.roles import DEVELOPER, OWNER, RELEASER, VIEWER, Member, members, teams_of
from paas.identity.second_factor import kinds
from paas.identity.service_accounts import service_accounts

LATEST_EVENTS = 6
ROLE_WORDS = {
    OWNER: gettext_lazy("owner"),
    RELEASER: gettext_lazy("releaser"),
    DEVELOPER: gettext_lazy("developer"),
    VIEWER: gettext_lazy("viewer"),
}


@dataclass(frozen=True, slots=True)
class TeamSection:
    """A part of a team's page: `template` is rendered with what `context` returns, anew at each hint of `channel`. By
    rising `order`.
    """

    name: str
    order: int
    template: str
    context: Callable[[HttpRequest, Team], dict[str, Any]]
    channel: str


_sections: dict[str, TeamSection] = {}


def register_team_section(section: TeamSection) -> None:
    """Put a section on the page of every team; a second of the same name takes the first's place."""
    _sections[section.name] = section


def team_sections(request: HttpRequest, team: Team) -> list[SafeString]:
    """What belongs to the team, rendered."""
    chosen = sorted(_sections.values(), key=lambda section: (section.order, section.name))
    return [render_to_string(each.template, each.context(request, team), request=request) for each in chosen]


def team_channels() -> list[str]:
    """What hints that a section has changed."""
    return sorted({each.channel for each in _sections.values()})


def since(objects: Iterable[Versioned], *names: str) -> dict[tuple[str, str], datetime]:
    """When people got the role they had last on teams or on projects, by (id of the object, username), as the audit
    trail has it. With `names` these people only.
    """
    known = {str(each.pk): each for each in objects}
    models = {type(each) for each in known.values()}
    events = AuditEvent.objects.annotate(user=KT("after__user")).filter(
        object_type__in=[each._meta.label for each in models],
        object_id__in=known,
        action__in=[f"{each._meta.model_name}.member_added" for each in models],
    )
    if names:
        events = events.filter(user__in=names)
    rows = events.values("object_id", "user").annotate(last=Max("at")).order_by()
    return {(row["object_id"], row["user"]): row["last"] for row in rows}


def member_rows(of: Versioned, found: Iterable[Member], *, through: str = "") -> list[dict[str, Any]]:
    """Members of a team or a project for identity/member_rows.html. since is None where nothing tells; `through` is
    the team whose role it is, where it is not `of`'s own page.
    """
    known = since([of])
    return [
        {
            "pk": each.user.pk,
            "username": each.user.username,
            "word": role_word(each.role),
            "since": known.get((str(of.pk), each.user.username)),
            "through": through,
        }
        for each in found
    ]


def role_word(role: str) -> str:
    """A role in the reader's language, where it has a word there."""
    return str(ROLE_WORDS.get(role, role))


def team_page(request: HttpRequest, team: Team, *, taken: list[dict[str, Any]]) -> HttpResponse:
    """The page of a team; `taken` as `team_facts` has it."""
    context = {
        **team_facts(request, team, taken=taken),
        "title": team.name,
        "opts": Team._meta,
        "original": team,
        "live": reverse("admin:identity_team_live", args=[team.pk]),
    }
    return page(request, "identity/team_page.html", context)


def team_facts(request: HttpRequest, team: Team, *, taken: list[dict[str, Any]]) -> dict[str, Any]:
    """A team: who is in it and since when, what it owns, its pipelines, what happened lately; above all, the roles on
    it that are `taken` now, as `break_glass_pages.rows` has them. For identity/team_live.html.
    """
    people = member_rows(team, members(team))
    accounts = service_accounts(team)
    return {
        "team": team,
        "owns": allowed(request.user, "own", team),
        "edit": _edit(team),
        "summary": [
            (_("Title"), team.title),
            (_("Since"), when(team.created_at)),
            (_("Members"), len(people)),
            (_("Removal"), _("nothing is removed: protected") if team.protected else _("as its owners decide")),
        ],
        "operates": is_operator(request.user),
        "taken": taken,
        "members": people,
        "sections": team_sections(request, team),
        "accounts": accounts,
        "events": _latest(team),
        "history": reverse("admin:identity_team_history", args=[team.pk]),
    }


def user_page(request: HttpRequest, user: User) -> HttpResponse:
    """A person: their teams and roles and since when, their tokens, what they did and what was done to them."""
    tokens = ApiToken.objects.filter(user=user).aggregate(count=Count("pk"), used=Max("last_used_at"))
    groups = set(user.groups.values_list("name", flat=True))
    has = kinds(user)
    trail = f"{reverse('admin:core_auditevent_changelist')}?{urlencode({'q': user.username})}"
    context = {
        "title": user.username,
        "opts": User._meta,
        "original": user,
        "person": user,
        "edit": _edit(user),
        "edits": is_operator(request.user),
        "reset": reverse("admin:identity_user_second_factor", args=[user.pk]) if has else "",
        "summary": [
            (_("Email address"), user.email),
            (_("State"), _("may sign in") if user.is_active else _("kept out")),
            (_("Operator of the platform"), _("yes") if OPERATORS in groups else _("no")),
            (_("Auditor of the platform"), _("yes") if AUDITORS in groups else _("no")),
            (_("Since"), when(user.date_joined)),
            (_("Last sign-in"), when(user.last_login) if user.last_login else _("never")),
            (_("Second factor"), factors(has)),
            (_("API tokens"), _tokens(tokens["count"], tokens["used"])),
        ],
        "roles": roles_of(user),
        "events": AuditEvent.objects.filter(actor=user)[:LATEST_EVENTS],
        "trail": trail,
        "told": _latest(user),
        "history": reverse("admin:identity_user_history", args=[user.pk]),
    }
    return page(request, "identity/user_page.html", context)


def roles_of(user: User) -> list[dict[str, Any]]:
    """The teams a person is in, by name: {"team", "href", "word", "since"}."""
    found = teams_of(user)
    known = since([team for team, _role in found], user.username)
    return [
        {
            "team": team,
            "href": reverse("admin:identity_team_change", args=[team.pk]),
            "word": role_word(role),
            "since": known.get((str(team.pk), user.username)),
        }
        for team, role in found
    ]


def _tokens(count: int, used: datetime | None) -> str:
    if not count:
        return _("none")
    return _("%(number)d, last used %(moment)s") % {"number": count, "moment": when(used) if used else _("never")}


def _latest(obj: Team | User) -> Any:
    return AuditEvent.objects.filter(object_type=obj._meta.label, object_id=str(obj.pk))[:LATEST_EVENTS]


def _edit(obj: Team | User) -> str:
    """The form, which stands behind a button."""
    return f"{reverse(f'admin:identity_{obj._meta.model_name}_change', args=[obj.pk])}?edit=1"
