"""The roles of a team and what they grant; reads only. Between the models and the services."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from paas.identity.models import Team, User

OWNER = "owner"
DEPLOYER = "deployer"
VIEWER = "viewer"
ROLES = (OWNER, DEPLOYER, VIEWER)
# The permission words a role holds on its team and on all that belongs to it.
GRANTS: dict[str, tuple[str, ...]] = {
    OWNER: ("view", "deploy", "exec", "own"),
    DEPLOYER: ("view", "deploy"),
    VIEWER: ("view",),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One person's role on a team."""

    user: User
    role: str


def group_of(team: Team, role: str) -> int:
    """The id of the group that holds the role's permissions on the team."""
    return {OWNER: team.owners_id, DEPLOYER: team.deployers_id, VIEWER: team.viewers_id}[role]


def members(team: Team) -> list[Member]:
    """The persons on the team: owners first, each role by name; one query. Who holds one role by hand and another by a
    directory is there once, with the wider.
    """
    groups = {group_of(team, role): role for role in ROLES}
    people = User.objects.filter(groups__in=groups, team=None).annotate(held=F("groups")).order_by("username")
    found = sorted((Member(user, groups[user.held]) for user in people), key=lambda member: ROLES.index(member.role))
    widest = {member.user.pk: member for member in reversed(found)}
    return [member for member in found if widest[member.user.pk] is member]


def role_of(team: Team, user: User) -> str | None:
    """The role the person holds on the team, the widest where there are several."""
    groups = {role: group_of(team, role) for role in ROLES}
    held = set(user.groups.filter(pk__in=groups.values()).values_list("pk", flat=True))
    return next((role for role, group in groups.items() if group in held), None)
