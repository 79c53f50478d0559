"""Following people after their sign-in: each refresh token is used now and then, and who is refused is out here too.

Called by beat twice a minute. A provider that does not answer changes nothing for anybody.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from paas.identity.models import OidcAccount
from paas.identity.oidc import conversation, people
from paas.identity.oidc.documents import ProviderError
from paas.identity.oidc.providers import Provider

logger = structlog.get_logger(__name__)

EVERY = timedelta(seconds=25)  # less than beat's half minute, so that none waits for the one after
LONGEST = 15.0  # seconds of one run


def follow() -> int:
    """Ask for everybody who is due, longest ago first; how many were asked for."""
    began, asked = time.monotonic(), 0
    for provider in settings.DOUGONG.oidc_providers:
        due = OidcAccount.objects.filter(
            provider=provider.id,
            ended="",
            user__is_active=True,
            followed=True,
            checked_at__lt=timezone.now() - EVERY,
        )
        for account in due.select_related("user").order_by("checked_at"):
            if time.monotonic() - began > LONGEST:
                logger.warning("sso_following_late", provider=provider.id)
                return asked
            try:
                asked += _followed(provider, account)
            except ProviderError as error:
                logger.warning("sso_provider_unreachable", provider=provider.id, error=str(error)[:300])
                break
    return asked


def _followed(provider: Provider, account: OidcAccount) -> bool:
    """One person; whether nobody else asked for them meanwhile."""
    seen = timezone.now()
    mine = OidcAccount.objects.filter(pk=account.pk, checked_at=account.checked_at, ended="")
    if not mine.update(checked_at=seen):
        return False
    try:
        token = conversation.renew(provider, account.refresh_token)
    except conversation.GrantError:
        people.end(account, people.REFUSED, seen=seen)
        return True
    with transaction.atomic():
        now = OidcAccount.objects.select_for_update().filter(pk=account.pk, checked_at=seen, ended="").first()
        if now is not None:
            now.refresh_token = token
            now.save(update_fields=["refresh_token"])
    return True
