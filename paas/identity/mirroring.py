"""Roles that somebody elsewhere gives: the groups of a directory, or of an OpenID provider, mirrored into roles here.

Between `directory` and `oidc.people`, which know who a person is there, and the groups that hold roles. The mirror
takes away only roles that it gave; one given by hand stays beside, and the wider of both counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import structlog
from django.contrib.auth.models import Group
from django.db.models import Q

from paas.core import audit
from paas.core.sse import hint
from paas.identity import services
from paas.identity.granting import TEAMS_CHANNEL
from paas.identity.models import DirectoryAccount, OidcAccount, Team, User
from paas.identity.roles import PLATFORM_ROLES, ROLES, group_of, roles_on

logger = structlog.get_logger(__name__)

# The groups of the platform's roles, as maps call these, and the roles.
OF_THE_PLATFORM = {group: role for role, (group, _) in PLATFORM_ROLES.items()}


def mirror(account: DirectoryAccount | OidcAccount, wanted: Mapping[str, int], *, take: bool = True) -> None:
    """Give what is wanted and, with `take`, take what the mirror gave before and is no longer. In a transaction.

    Args:
        wanted: roles as the map has them → the ids of their groups.
    """
    user = account.user
    groups = set(wanted.values())
    held = set(user.groups.values_list("pk", flat=True))
    given = set(account.given.values_list("pk", flat=True))
    more = groups - held
    less = given - groups if take else set()
    if not more and not less:
        return
    user.groups.add(*more)
    account.given.add(*more)
    user.groups.remove(*less)
    account.given.remove(*less)
    for group in sorted(more | (less & held)):
        _tell(user, group, given=group in more, by=account.source)
    hint(TEAMS_CHANNEL)


def seats(words: Collection[str]) -> dict[str, int]:
    """Each role as the map has it ("shop:developer", "operators") → the id of its group. What is not there is left out,
    with a warning: the map may be ahead of the teams.
    """
    pairs = {word: tuple(word.partition(":")[::2]) for word in words}
    teams = {team.name: team for team in Team.objects.filter(name__in=[team for team, _ in pairs.values()])}
    found: dict[str, int] = {}
    for word, (name, role) in pairs.items():
        if word in OF_THE_PLATFORM:
            found[word] = services.platform_group(OF_THE_PLATFORM[word]).pk
        elif name in teams and role in ROLES:
            found[word] = group_of(teams[name], role)
        else:
            logger.warning("mapped_role_unknown", role=word)
    return found


def _tell(user: User, group: int, *, given: bool, by: str) -> None:
    """One event: on the team, whose members' page it changes, or on the person where it is about the platform."""
    its_own = Q(owners=group) | Q(releasers=group) | Q(developers=group) | Q(viewers=group)
    team = Team.objects.select_for_update().filter(its_own).first()
    before: dict[str, object]
    after: dict[str, object]
    if team is None:
        name = Group.objects.filter(pk=group, name__in=OF_THE_PLATFORM).values_list("name", flat=True).first()
        if name is not None:
            role = OF_THE_PLATFORM[name]
            before, after = {role: not given}, {role: given, "by": by}
            audit.record(actor=None, action=f"user.{role}_mirrored", target=user, before=before, after=after)
        return
    role = roles_on(team)[group]
    before = {"user": user.username, "role": None if given else role}
    after = {"user": user.username, "role": role if given else None, "by": by}
    team.save_version()
    audit.record(actor=None, action="team.member_mirrored", target=team, before=before, after=after)
