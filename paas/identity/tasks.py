"""Thin Celery entrypoints of paas.identity."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from paas.core.shared_cache import forget_expired
from paas.identity import services
from paas.identity.oidc import following


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def remove_expired_tokens() -> None:
    """Woken by beat every six hours; with what was counted and is over."""
    services.remove_expired_tokens()
    forget_expired()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def follow_people() -> None:
    """Woken by beat every half a minute; nothing where nobody signs in by a provider."""
    following.follow()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def read_directory() -> None:
    """Woken by beat every half a minute; nothing where people do not sign in by LDAP."""
    if settings.DOUGONG.ldap_uris:
        from paas.identity.ldap import check  # noqa: PLC0415 - needs the extra `ldap`

        check.read_directory()
