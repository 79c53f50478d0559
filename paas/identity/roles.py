"""The roles of a team and what they grant; reads only. Between the models and the services."""

from __future__ import annotations

from dataclasses import dataclass

from paas.identity.models import Team, User

OWNER = "owner"
VIEWER = "viewer"
ROLES = (OWNER, VIEWER)
# The permission words a role holds on its team and on all that belongs to it.
GRANTS: dict[str, tuple[str, ...]] = {OWNER: ("view", "deploy", "exec", "own"), VIEWER: ("view",)}


@dataclass(frozen=True, slots=True)
class Member:
    """One person's role on a team."""

    user: User
    role: str


def members(team: Team) -> list[Member]:
    """Owners first, each part by name; two queries."""
    found = [Member(user, OWNER) for user in User.objects.filter(groups=team.owners_id).order_by("username")]
    return found + [Member(user, VIEWER) for user in User.objects.filter(groups=team.viewers_id).order_by("username")]


def role_of(team: Team, user: User) -> str | None:
    """The role the person holds on the team."""
    held = set(user.groups.filter(pk__in=[team.owners_id, team.viewers_id]).values_list("pk", flat=True))
    if team.owners_id in held:
        return OWNER
    return VIEWER if team.viewers_id in held else None
