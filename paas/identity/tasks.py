"""Thin Celery entrypoints of paas.identity."""

from __future__ import annotations

from celery import shared_task

from paas.identity import services
from paas.identity.oidc import following


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def remove_expired_tokens() -> None:
    """Woken by beat every six hours."""
    services.remove_expired_tokens()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def follow_people() -> None:
    """Woken by beat twice a minute."""
    following.follow()
