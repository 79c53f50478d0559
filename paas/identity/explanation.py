"""Why a person may do something, or why not and who can change that. Reads only: it asks what `permissions` asks, and
tells the way it took.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Model, Q

from paas.core.errors import Invalid
from paas.core.grants import carriers_of, grants_of, named, root_of, scope_of
from paas.core.permissions import (
    OPERATE,
    TEAM_WORDS,
    Actor,
    Right,
    is_overseer,
    owners_seen,
    require,
    right,
    token_lets,
)
from paas.identity.models import OPERATORS, Team, User
from paas.identity.roles import AUDITOR, GRANTS, OPERATOR, PLATFORM_ROLES

ACTIONS = (*TEAM_WORDS, OPERATE)
PLATFORM = "platform"
HELD = ("deploy", "release", "own")
"""What brings something new, and is not accepted while the team is cordoned."""


@dataclass(frozen=True)
class Way:
    """One way in which a person holds a permission: the group they are in, the role it has, the object it has it on.
    Without a group it is for being a superuser, or anybody.
    """

    group: str
    role: str
    on: str


@dataclass(frozen=True)
class Explanation:
    """Whether `person` may do `action` on `obj`, and by which ways.

    `reason` is empty where they may, else "deactivated", "unseen" (the object is not there for them) or "no_role".
    `roles` would have the permission, `grantors` can give one, by name. `token` is the scope of the API token that
    holds the asking person back, where one does. `cordoned_by` and `cordon_reason` tell that nothing new of the team is
    accepted, whoever asks.
    """

    person: str
    action: str
    obj: str
    allowed: bool
    ways: tuple[Way, ...]
    reason: str
    roles: tuple[str, ...]
    grantors: tuple[str, ...]
    token: str
    cordoned_by: str = ""
    cordon_reason: str = ""


def explain(*, actor: Actor, person: User, action: str, obj: Model | None) -> Explanation:
    """The explanation; `obj` None is the platform. Of oneself anybody asks, of others who owns the object, operators
    and auditors. The actor may view `obj`: whoever found it for them has seen to that.

    Raises:
        Invalid: `action_unknown`.
        Forbidden: `permission_denied`, `auditor_required`.
    """
    if action not in ACTIONS:
        raise Invalid(
            "action_unknown",
            f"There is no permission '{action[:40]}'.",
            rule=f"A permission is one of {', '.join(ACTIONS)}.",
            remedy="Name one of these: rollbacks and config need 'deploy', retiring and members 'own'.",
        )
    owned = obj is not None and scope_of(root_of(type(obj))) == "team"
    if actor != person and not is_overseer(actor):
        require(actor, *(("own", obj) if owned else ("view", None)))
    # By their roles: that a token holds them back is told besides.
    held = right(person, action, obj)
    token = getattr(actor, "token", None)
    team = _cordoned(action, obj)
    return Explanation(
        person=person.username,
        action=action,
        obj=PLATFORM if obj is None else named(obj),
        allowed=held is not None,
        ways=tuple(_ways(person, action, obj, held)) if held else (),
        reason="" if held else _reason(person, obj),
        roles=_roles(action, owned=owned),
        grantors=tuple(_grantors(actor, action, obj, owned=owned)),
        token="" if token is None or actor != person or token_lets(actor, action) else str(token.scope),
        cordoned_by=team.cordoned_by_name if team else "",
        cordon_reason=team.cordon_reason if team else "",
    )


def _cordoned(action: str, obj: Model | None) -> Team | None:
    """The team of the object, where it is cordoned and the action would bring something new."""
    team = carriers_of(obj)[-1] if obj is not None and action in HELD and carriers_of(obj) else None
    return team if isinstance(team, Team) and team.cordoned_at else None


def _ways(person: User, action: str, obj: Model | None, found: Right) -> list[Way]:
    """All roles that give it; else what gives it without one, which was found."""
    carriers = [] if obj is None or action == OPERATE else carriers_of(obj)
    if carriers and scope_of(type(carriers[-1])) == "team":
        held = [Way(group, group.rpartition(":")[2], named(on)) for on, group in grants_of(person, action, carriers)]
        if held:
            return held
    group = found.through.removeprefix("group ")
    role = {name: role for role, (name, _) in PLATFORM_ROLES.items()}.get(group)
    return [Way(group, role, PLATFORM) if role else Way("", found.through, PLATFORM)]


def _reason(person: User, obj: Model | None) -> str:
    if not person.is_active:
        return "deactivated"
    return "unseen" if obj is not None and right(person, "view", obj) is None else "no_role"


def _roles(action: str, *, owned: bool) -> tuple[str, ...]:
    platform = (OPERATOR, AUDITOR) if action == "view" else (OPERATOR,)
    if not owned or action == OPERATE:
        return platform
    return (*(role for role, words in GRANTS.items() if action in words), *(platform if action == "view" else ()))


def _grantors(actor: Actor, action: str, obj: Model | None, *, owned: bool) -> list[str]:
    """Owners for what a team owns; operators for the rest, where the actor may see who they are."""
    if obj is not None and owned and action != OPERATE:
        return owners_seen(actor, obj)
    if not is_overseer(actor):
        return []
    people = User.objects.filter(Q(groups__name=OPERATORS) | Q(is_superuser=True), is_active=True)
    return list(people.order_by("username").values_list("username", flat=True).distinct())
