"""Exceptions to what a team gets: asked for by the team, decided by an operator, over by themselves on their day.

proposed → in force, for as many days → ended; or refused. In force it is the narrowest layer of the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.models import TenantException
from apps.services.grounds import hold_policies
from apps.services.rows import name_of, person
from apps.services.tenants import mark, refuse_faults
from apps.tenants import Figure
from clusters.models import Cluster
from paas.core import audit
from paas.core.errors import Conflict, Invalid
from paas.core.permissions import OPERATE, Actor, is_operator, require
from paas.core.rows import locked
from paas.identity.models import Team

MOST_DAYS = 90

State = TenantException.State


def propose_exception(
    *, team: Team, cluster: Cluster | None, figures: Mapping[str, Figure], days: int, reason: str, actor: Actor
) -> TenantException:
    """Ask for other figures for a while; who asks answers for it. What an operator asks for is in force at once.

    Args:
        cluster: where; None is on all.
        days: 1 to 90, counted from the decision.

    Raises:
        Invalid: `tenant_policy_invalid`, `tenant_exception_invalid`.
    """
    require(actor, _word(actor), team)
    given = {name: value for name, value in refuse_faults(figures, {})["figures"].items() if value is not None}
    if not given or not reason.strip() or not 1 <= days <= MOST_DAYS:
        raise Invalid(
            "tenant_exception_invalid",
            "An exception names figures, a reason and an end.",
            rule=f"It lasts 1 to {MOST_DAYS} days.",
            remedy="Say what is needed, why, and for how many days.",
        )
    with transaction.atomic():
        row = TenantException.objects.create(
            team=team, cluster=cluster, figures=given, days=days, reason=reason.strip(), owner=person(actor),
            owner_name=name_of(actor),
        )  # fmt: skip
        audit.record(actor=actor, action="tenant_exception.proposed", target=team, after=_told(row), reason=reason)
        return _in_force(row, actor, reason) if is_operator(actor) else row


def accept_exception(*, exception: TenantException, actor: Actor, reason: str = "") -> TenantException:
    """Let it be in force from now on; operators decide.

    Raises:
        Conflict: `tenant_exception_decided`.
    """
    require(actor, OPERATE, exception.team)
    with transaction.atomic():
        row = locked(exception)
        if row.state != State.PROPOSED:
            raise _decided(row)
        return _in_force(row, actor, reason)


def end_exception(*, exception: TenantException, actor: Actor, reason: str = "") -> TenantException:
    """Refuse it, take it back, or end it before its day; operators, and those who deploy for the team.

    Raises:
        Conflict: `tenant_exception_decided`.
    """
    require(actor, _word(actor), exception.team)
    with transaction.atomic():
        row = locked(exception)
        if row.state not in (State.PROPOSED, State.IN_FORCE):
            raise _decided(row)
        refused = row.state == State.PROPOSED and is_operator(actor)
        _end(row, State.REFUSED if refused else State.ENDED, actor=actor, reason=reason)
    return row


def end_due() -> int:
    """End those whose day has come; how many."""
    due = TenantException.objects.filter(state=State.IN_FORCE, ends_at__lte=timezone.now())
    ended = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            row = due.select_for_update(of=("self",)).filter(pk=pk).first()
            if row is not None:
                _end(row, State.ENDED, actor=None, reason="")
                ended += 1
    return ended


def _word(actor: Actor) -> str:
    return OPERATE if is_operator(actor) else "deploy"


def _in_force(row: TenantException, actor: Actor, reason: str) -> TenantException:
    hold_policies()
    row.state, row.decided_by_name = State.IN_FORCE, name_of(actor)
    row.ends_at = timezone.now() + timedelta(days=row.days)
    row.save_version("state", "decided_by_name", "ends_at")
    mark(row.team, row.cluster)
    after = {**_told(row), "ends_at": row.ends_at.isoformat()}
    audit.record(actor=actor, action="tenant_exception.accepted", target=row.team, after=after, reason=reason)
    return row


def _end(row: TenantException, state: str, *, actor: Actor, reason: str) -> None:
    was_in_force = row.state == State.IN_FORCE
    row.state, row.ended_at = state, timezone.now()
    row.save_version("state", "ended_at")
    if was_in_force:
        hold_policies()
        mark(row.team, row.cluster)
    action = "tenant_exception.refused" if state == State.REFUSED else "tenant_exception.ended"
    audit.record(actor=actor, action=action, target=row.team, before=_told(row), reason=reason)


def _told(row: TenantException) -> dict[str, object]:
    return {"of": str(row), "figures": row.figures, "days": row.days, "owner": row.owner_name, "why": row.reason}


def _decided(row: TenantException) -> Conflict:
    return Conflict(
        "tenant_exception_decided",
        f"The exception of {row} is {row.get_state_display()} already.",
        remedy="See where they stand with `dougong tenant exceptions TEAM`.",
    )
