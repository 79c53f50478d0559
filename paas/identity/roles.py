"""The roles of teams, of what belongs to them, and of the platform, and what they grant; reads only. Between the models
and the services.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db.models import F, Q

from paas.core.errors import Invalid, NotFound
from paas.identity.models import AUDITORS, OPERATORS, Team, User

OWNER = "owner"
RELEASER = "releaser"
DEVELOPER = "developer"
VIEWER = "viewer"
ROLES = (OWNER, RELEASER, DEVELOPER, VIEWER)
# The permission words a role holds on its object and on all that belongs to it.
GRANTS: dict[str, tuple[str, ...]] = {
    OWNER: ("view", "deploy", "release", "exec", "own"),
    RELEASER: ("view", "deploy", "release"),
    DEVELOPER: ("view", "deploy"),
    VIEWER: ("view",),
}
OPERATOR, AUDITOR = "operator", "auditor"
# By role of the platform: its group, and the permission that this holds.
PLATFORM_ROLES: dict[str, tuple[str, str]] = {OPERATOR: (OPERATORS, "operate"), AUDITOR: (AUDITORS, "audit")}


@dataclass(frozen=True, slots=True)
class Member:
    """One person's role on a team, a project or the platform."""

    user: User
    role: str


def roles_on(team: Team) -> dict[int, str]:
    """The role whose permissions each group holds on the team, by the group's id; the widest first."""
    return {
        team.owners_id: OWNER,
        team.releasers_id: RELEASER,
        team.developers_id: DEVELOPER,
        team.viewers_id: VIEWER,
    }


def group_of(team: Team, role: str) -> int:
    """The id of the group that holds the role's permissions on the team."""
    return next(group for group, its in roles_on(team).items() if its == role)


def members(team: Team) -> list[Member]:
    """The persons on the team: owners first, each role by name; one query. Who holds one role by hand and another by a
    directory is there once, with the wider.
    """
    found = in_groups(roles_on(team))
    widest = {member.user.pk: member for member in reversed(found)}
    return [member for member in found if widest[member.user.pk] is member]


def in_groups(roles: Mapping[int, str]) -> list[Member]:
    """The persons in groups, given with their role by id: the widest role first, each by name; one query."""
    people = User.objects.filter(groups__in=roles, team=None).annotate(held=F("groups")).order_by("username")
    found = [Member(user, roles[user.held]) for user in people]
    order = [*ROLES, *PLATFORM_ROLES]
    return sorted(found, key=lambda member: order.index(member.role))


def platform_members() -> list[Member]:
    """The operators, then the auditors."""
    names = {name: role for role, (name, _) in PLATFORM_ROLES.items()}
    groups = Group.objects.filter(name__in=names).values_list("pk", "name")
    return in_groups({pk: names[name] for pk, name in groups})


def role_of(team: Team, user: User) -> str | None:
    """The role the person holds on the team, the widest where there are several."""
    return held_of(user, roles_on(team))


def held_of(user: User, roles: Mapping[int, str]) -> str | None:
    """The widest role the person holds in groups, given with their role by id; one query."""
    held = {roles[group] for group in user.groups.filter(pk__in=roles).values_list("pk", flat=True)}
    return next((role for role in ROLES if role in held), None)


def teams_of(user: User) -> list[tuple[Team, str]]:
    """The teams that the person is on, by name, with their role there, the widest where there are several."""
    held = set(user.groups.values_list("pk", flat=True))
    its = Q(owners__in=held) | Q(releasers__in=held) | Q(developers__in=held) | Q(viewers__in=held)
    return [
        (team, next(role for group, role in roles_on(team).items() if group in held))
        for team in Team.objects.filter(its).order_by("name")
    ]


def known_role(role: str) -> str:
    """The role itself. Raises Invalid `role_unknown`."""
    if role not in ROLES:
        raise Invalid("role_unknown", f"There is no role '{role[:40]}'.", rule=f"A role is one of {', '.join(ROLES)}.")
    return role


def person_named(username: str, *, kept_out: bool = False) -> User:
    """Somebody who may sign in, or with `kept_out` also who may not. Raises NotFound `user_not_found`."""
    known = User.objects.all() if kept_out else User.objects.filter(is_active=True)
    user = known.filter(username=username).first()
    if user is None:
        raise NotFound(
            "user_not_found", f"There is no person named '{username[:80]}'.", remedy="Ask an operator to add them."
        )
    return user


def a_person(user: User) -> User:
    """The user, where it is no service account. Raises Invalid `service_account_fixed`."""
    if user.team is not None:
        raise Invalid(
            "service_account_fixed",
            f"'{user.username}' is a service account of team '{user.team}'.",
            rule="A service account deploys for its own team, and has no other role.",
            remedy="Make a service account in the other team.",
        )
    return user
