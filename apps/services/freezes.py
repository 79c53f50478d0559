"""Freeze windows: times in which nothing new is released. Declared by owners of a team or operators of the platform;
passed by an owner who says why. Going back is always free.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.delivery import APPROVALS_CHANNEL
from apps.models import Environment, FreezeWindow
from apps.selectors.freezes import in_force
from apps.services.rows import name_of, person
from apps.timezones import ZONES, zone
from paas.core import audit
from paas.core.errors import Conflict, Invalid
from paas.core.permissions import OPERATE, Actor, require
from paas.core.reasons import demand
from paas.core.rows import locked
from paas.core.sse import hint
from paas.identity.models import Team

LONGEST = timedelta(days=92)
MOST_NAMES, LONGEST_NAME = 50, 63


def declare_freeze(
    *,
    team: Team | None,
    starts: str,
    ends: str,
    time_zone: str = "UTC",
    environments: Sequence[str] = (),
    actor: Actor,
    reason: str,
) -> FreezeWindow:
    """Keep what is new out of environments for a time.

    Args:
        team: whose environments; None those of all teams, which operators may.
        starts, ends: as "2026-12-24T18:00", in `time_zone`.
        environments: by name; none are all that are protected.

    Raises:
        Invalid: `freeze_invalid`, `reason_required`.
    """
    require(actor, *(("own", team) if team is not None else (OPERATE, None)))
    demand(reason, "A freeze is declared")
    begin, end = _moment(starts, time_zone), _moment(ends, time_zone)
    if not begin < end <= begin + LONGEST or end <= timezone.now():
        raise Invalid(
            "freeze_invalid",
            f"From {starts[:40]} to {ends[:40]} is no time to come.",
            rule=f"It ends later than now and than it starts, after at most {LONGEST.days} days.",
        )
    if len(environments) > MOST_NAMES or any(not 0 < len(each) <= LONGEST_NAME for each in environments):
        raise Invalid(
            "freeze_invalid",
            "These are no names of environments.",
            rule=f"At most {MOST_NAMES}, each of at most 63 characters.",
        )
    with transaction.atomic():
        made = FreezeWindow.objects.create(
            team=team,
            environments=sorted(set(environments)),
            starts_at=begin,
            ends_at=end,
            time_zone=time_zone,
            reason=reason,
            created_by=person(actor),
            created_by_name=name_of(actor),
        )
        audit.record(actor=actor, action="freeze.declared", target=made, after=_told(made), reason=reason)
        hint(APPROVALS_CHANNEL)
    return made


def end_freeze(*, freeze: FreezeWindow, actor: Actor, reason: str = "") -> FreezeWindow:
    """End it before its time.

    Raises:
        Conflict: `freeze_over`.
    """
    require(actor, *(("own", freeze.team) if freeze.team is not None else (OPERATE, None)))
    with transaction.atomic():
        freeze = locked(freeze)
        now = timezone.now()
        if freeze.ended_at is not None or freeze.ends_at <= now:
            raise Conflict(
                "freeze_over", _("It is over already."), remedy=_("See what is in force with `dougong freeze list`.")
            )
        freeze.ended_at, freeze.ended_by_name = now, name_of(actor)
        freeze.save(update_fields=["ended_at", "ended_by_name"])
        audit.record(actor=actor, action="freeze.ended", target=freeze, before=_told(freeze), reason=reason)
        hint(APPROVALS_CHANNEL)
    return freeze


def heed_freeze(environment: Environment, actor: Actor, override: str | None) -> None:
    """Refuse a new release while a freeze is in force; `override` is why an owner makes it all the same. The caller
    holds the transaction.

    Raises:
        Conflict: `frozen`.
        Forbidden: `permission_denied`.
        Invalid: `reason_required`.
    """
    freeze = in_force(environment)
    if freeze is None:
        return
    if override is None:
        raise Conflict(
            "frozen",
            _("'%(environment)s' is frozen until %(until)s: %(why)s."),
            rule=_("A freeze keeps out what is new; going back stays possible."),
            remedy=_("Wait until it is over, or have an owner release it with `--override-freeze` and a reason."),
            params={"environment": environment, "until": freeze.local(freeze.ends_at), "why": freeze.reason},
        )
    require(actor, "own", environment)
    demand(override, "A freeze is overridden")
    told = {"environment": str(environment)}
    audit.record(actor=actor, action="freeze.overridden", target=freeze, after=told, reason=override)


def _moment(said: str, name: str) -> datetime:
    if name not in ZONES:
        raise Invalid(
            "freeze_invalid",
            f"There is no time zone '{name[:40]}'.",
            rule="A time zone is named as in Europe/Berlin or UTC.",
        )
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise Invalid(
            "freeze_invalid", f"'{said[:40]}' is no time.", rule="A time is written as 2026-12-24T18:00."
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone(name))


def _told(freeze: FreezeWindow) -> dict[str, object]:
    return {
        "team": freeze.team.name if freeze.team is not None else None,
        "environments": freeze.environments,
        "starts": freeze.local(freeze.starts_at),
        "ends": freeze.local(freeze.ends_at),
    }
