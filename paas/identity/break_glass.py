"""Break-glass: an operator takes a role on a team for a time, with a reason. It ends by itself, because permission rows
past their `until` count no more, or earlier by hand.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from paas.core import audit
from paas.core.errors import Conflict, Forbidden, Invalid
from paas.core.grants import BREAK_GLASS
from paas.core.permissions import OPERATE, Actor, require, signed_in, visible
from paas.core.reasons import demand
from paas.core.rows import locked
from paas.core.sse import hint
from paas.identity.granting import TEAMS_CHANNEL, grant
from paas.identity.models import BreakGlass, Team, User
from paas.identity.roles import a_person, known_role

IN_FORCE = Q(ended_at=None, until__gt=Now())


def taken_roles(actor: Actor, team: Team) -> QuerySet[BreakGlass]:
    """All that were ever taken on the team, for whoever may view it; the latest first."""
    return visible(actor, BreakGlass.objects.select_related("user", "team")).filter(team=team)


def take_role(*, team: Team, role: str, minutes: int | None = None, actor: Actor, reason: str) -> BreakGlass:
    """Take a role on the team for oneself; operators may. Owners see it on the team's page.

    Args:
        minutes: how long, at most DOUGONG_BREAK_GLASS_MINUTES, which it is where left out.

    Raises:
        Invalid: `role_unknown`, `reason_required`, `break_glass_too_long`; `service_account_fixed`.
        Conflict: `break_glass_open`, where one of theirs is in force on the team.
    """
    require(actor, OPERATE, None)
    known_role(role)
    user = _themselves(actor)
    demand(reason, "A role is taken")
    longest = settings.DOUGONG.break_glass_minutes
    if not 1 <= (minutes or longest) <= longest:
        raise Invalid(
            "break_glass_too_long",
            f"A role is not taken for {minutes} minutes.",
            rule=f"It is taken for 1 to {longest} minutes.",
        )
    with transaction.atomic():
        team = locked(team)
        Group.objects.filter(break_glass__team=team, break_glass__until__lte=Now()).delete()
        if BreakGlass.objects.filter(IN_FORCE, team=team, user=user).exists():
            raise Conflict(
                "break_glass_open",
                f"You have taken a role on team '{team}' already.",
                remedy=f"End it first: `dougong break-glass end {team}`.",
            )
        until = timezone.now() + timedelta(minutes=minutes or longest)
        taken = BreakGlass(team=team, user=user, role=role, reason=reason, until=until)
        taken.group = Group.objects.create(name=f"{BREAK_GLASS}{taken.pk}:{role}")
        taken.save(force_insert=True)
        grant(team, {role: taken.group}, until=until)
        user.groups.add(taken.group)
        after = {"user": user.username, "role": role, "until": until.isoformat()}
        audit.record(actor=actor, action="team.role_taken", target=team, after=after, reason=reason)
        hint(TEAMS_CHANNEL)
    return taken


def end_taken_role(*, taken: BreakGlass, actor: Actor, reason: str = "") -> BreakGlass:
    """End it before its time: who took it may, and owners of the team.

    Raises:
        Conflict: `break_glass_over`.
    """
    require(actor, "view", taken.team)
    if signed_in(actor) != taken.user:
        require(actor, "own", taken.team)
    with transaction.atomic():
        taken = BreakGlass.objects.select_for_update(of=("self",)).select_related("team", "user").get(pk=taken.pk)
        now = timezone.now()
        if taken.ended_at is not None or taken.until <= now:
            raise Conflict("break_glass_over", "It is over already.", remedy="Nothing is left to be done.")
        taken.ended_at, taken.ended_by_name = now, _themselves(actor).username
        group, taken.group = taken.group, None
        taken.save(update_fields=["ended_at", "ended_by_name", "group"])
        if group is not None:
            group.delete()
        before = {"user": taken.user.username, "role": taken.role, "until": taken.until.isoformat()}
        audit.record(actor=actor, action="team.role_ended", target=taken.team, before=before, reason=reason)
        hint(TEAMS_CHANNEL)
    return taken


def _themselves(actor: Actor) -> User:
    """The person, who is a row here."""
    found = signed_in(actor)
    if not isinstance(found, User):
        raise Forbidden("person_required", "Only a person takes a role.", remedy="Sign in.")
    return a_person(found)
