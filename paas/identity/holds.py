"""What holds a team back: a cordon of operators, while which nothing new of it is accepted, and the protection of its
owners, while which nothing of it is removed. What runs goes on either way, and drift is repaired.

`apps.services` asks with `refuse_cordoned` and `refuse_protected` before it makes or removes anything.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from paas.core import audit
from paas.core.errors import Conflict
from paas.core.permissions import OPERATE, Actor, require, signed_in
from paas.core.reasons import demand
from paas.core.rows import edit, locked
from paas.core.sse import hint
from paas.identity.granting import TEAMS_CHANNEL
from paas.identity.models import Team


def cordon_team(*, team: Team, cordoned: bool, actor: Actor, reason: str = "") -> Team:
    """Accept nothing new of a team from now on, or end that; operators do. Cordoned again it has another reason.

    Raises:
        Invalid: `reason_required`, to cordon it.
    """
    require(actor, OPERATE, team)
    if cordoned:
        demand(reason, "A team is cordoned")
    person = signed_in(actor)
    with transaction.atomic():
        team = locked(team)
        if not cordoned and team.cordoned_at is None:
            return team
        before = _cordon(team)
        team.cordoned_at = (team.cordoned_at or timezone.now()) if cordoned else None
        team.cordoned_by_name = person.get_username() if cordoned and person else ""
        team.cordon_reason = reason.strip() if cordoned else ""
        team.save_version("cordoned_at", "cordoned_by_name", "cordon_reason")
        action = "team.cordoned" if cordoned else "team.uncordoned"
        audit.record(actor=actor, action=action, target=team, before=before, after=_cordon(team), reason=reason)
        hint(TEAMS_CHANNEL)
    return team


def protect_team(*, team: Team, protected: bool, actor: Actor, reason: str = "") -> Team:
    """Let nothing of a team be removed from now on, or end that; its owners do.

    Raises:
        Invalid: `reason_required`, to end it.
    """
    require(actor, "own", team)
    if not protected:
        demand(reason, "Protection is ended")
    with transaction.atomic():
        team = locked(team)
        action = "team.protected" if protected else "team.unprotected"
        edit(team, actor=actor, action=action, reason=reason, protected=protected)
        hint(TEAMS_CHANNEL)
    return team


def refuse_cordoned(team: Team) -> None:
    """Raises Conflict `team_cordoned`. Until the caller's transaction ends nobody cordons it."""
    found = _as_it_stands(team)
    if found.cordoned_at is not None:
        raise Conflict(
            "team_cordoned",
            _("Team '%(team)s' is cordoned by %(by)s: %(why)s"),
            rule=_("Nothing new of a cordoned team is accepted; what runs goes on, and may be removed."),
            remedy=_("An operator ends it: `dougong team uncordon %(team)s`."),
            params={"team": team, "by": found.cordoned_by_name, "why": found.cordon_reason},
        )


def refuse_protected(team: Team) -> None:
    """Raises Conflict `team_protected`. Until the caller's transaction ends nobody protects it."""
    if _as_it_stands(team).protected:
        raise Conflict(
            "team_protected",
            _("Team '%(team)s' is protected: nothing of it is removed."),
            rule=_("What belongs to a protected team is removed once an owner of the team has ended the protection."),
            remedy=_("An owner ends it, with a reason: `dougong team protect %(team)s --off --reason …`."),
            params={"team": team},
        )


def _as_it_stands(team: Team) -> Team:
    """Many may ask at once; who changes it waits for them, and they for whoever has begun to."""
    [found] = Team.objects.raw("SELECT * FROM identity_team WHERE id = %s FOR SHARE", [team.pk])
    return found


def _cordon(team: Team) -> dict[str, object]:
    return {"cordoned": team.cordoned_at is not None, "by": team.cordoned_by_name, "why": team.cordon_reason}
