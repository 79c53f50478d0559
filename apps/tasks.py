"""Periodic work of applications: what a crash left undone, and what is kept for a while only."""

from __future__ import annotations

from celery import shared_task

from apps.services import exceptions, housekeeping, observe, tenants, terminals, timetable


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def roll_up() -> None:
    """Add up environments whose note was left behind by a crash."""
    observe.roll_up_due()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def forget_answers() -> None:
    """Answers under idempotency keys are kept for a day."""
    housekeeping.forget_answers()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def turn_timetables() -> None:
    """Every 15 s: scalers whose window has begun or ended get the bounds of now."""
    timetable.turn_due()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def renew_grounds() -> None:
    """Every 15 s: exceptions whose day has come end; grounds whose team gets something else are rendered anew."""
    exceptions.end_due()
    tenants.renew_grounds()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def end_lost_terminals() -> None:
    """Terminals whose web process is gone are noted as ended, and old recordings deleted."""
    terminals.end_lost()
    terminals.forget_recordings()
