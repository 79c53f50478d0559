"""Following people after their sign-in: each refresh token is used now and then, and who is refused is out here too;
who is moved from group to group there has other roles here.

Called by beat twice a minute. Providers are asked side by side, each for several people at once; only requests overlap,
what is read and written stays in the caller's thread. A provider that does not answer changes nothing for anybody.
Neither does one that renews a sign-in with an identity token that is not right: that it renews says that the person is
in; roles do not follow a token that nobody can vouch for, and everybody else is asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import structlog
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from paas.identity.models import OidcAccount
from paas.identity.oidc import conversation, documents, people, tokens
from paas.identity.oidc.documents import ProviderError
from paas.identity.oidc.providers import Provider

logger = structlog.get_logger(__name__)

AT_ONCE = 32  # people, at each provider
LONGEST = 15.0  # seconds in which a run begins to ask
ANSWER = 5.0  # seconds for one answer; with LONGEST less than the task may take
EVERY = timedelta(seconds=10)  # less than from the last asked in one run to the next run: each asks for everybody


def follow() -> int:
    """Ask for everybody who is due, longest ago first; how many were asked for."""
    return async_to_sync(_follow)()


async def _follow() -> int:
    until = time.monotonic() + LONGEST
    runs = [_Run(provider, until) for provider in settings.DOUGONG.oidc_providers]
    return sum(await asyncio.gather(*(run.done() for run in runs)))


class _Run:
    """One provider's people, until all were asked for, it is late, or the provider has failed for as many as are asked
    for at once: a token that it chokes on holds up nobody else, and a provider that is gone is soon left alone.
    """

    def __init__(self, provider: Provider, until: float) -> None:
        self.provider = provider
        self.until = until
        self.due: deque[tuple[UUID, datetime | None]] = deque()
        self.asked = 0
        self.failed: list[str] = []
        self.wrong: list[str] = []

    async def done(self) -> int:
        """How many were asked for."""
        self.due = await sync_to_async(_due)(self.provider)
        if self.due:
            try:
                at = (await sync_to_async(documents.endpoints, thread_sensitive=False)(self.provider)).token
            except ProviderError as error:
                self.failed.append(str(error))
            else:
                await self._fetch_keys()
                await self._ask(at)
        if self.wrong:
            logger.warning(
                "sso_token_refused", provider=self.provider.id, people=len(self.wrong), error=self.wrong[-1][:300]
            )
        if self.failed:
            logger.warning("sso_provider_unreachable", provider=self.provider.id, error=self.failed[-1][:300])
        elif self.due:
            logger.warning("sso_following_late", provider=self.provider.id, people=len(self.due))
        return self.asked

    async def _fetch_keys(self) -> None:
        """Once, before many tokens come for which they would be fetched at the same time."""
        if self.provider.groups_renewed:
            with contextlib.suppress(ProviderError):  # who gets a token tries again, and is told
                await sync_to_async(documents.key, thread_sensitive=False)(self.provider, None)

    async def _ask(self, at: str) -> None:
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        async with httpx.AsyncClient(timeout=ANSWER, limits=limits) as client:
            await asyncio.gather(*(self._one_by_one(at, client) for _ in range(min(AT_ONCE, len(self.due)))))

    async def _one_by_one(self, at: str, client: httpx.AsyncClient) -> None:
        while self.due and len(self.failed) < AT_ONCE and time.monotonic() < self.until:
            account = await sync_to_async(_claimed)(*self.due.popleft())
            if account is None:
                continue
            self.asked += 1
            try:
                async with asyncio.timeout(ANSWER):
                    renewed = await conversation.renew(self.provider, account.refresh_token, at=at, client=client)
            except conversation.GrantError:
                await sync_to_async(people.end)(account, people.REFUSED, seen=account.checked_at)
            except ProviderError as error:
                self.failed.append(str(error))
            except TimeoutError:
                self.failed.append(f"its token endpoint: no answer within {ANSWER:g} s")
            else:
                await self._take(account, *renewed)

    async def _take(self, account: OidcAccount, token: str, identity: str) -> None:
        """Keep the token for the next time; the roles follow the groups that come with it."""
        await sync_to_async(_keep)(account, token)
        if not identity or not self.provider.groups_renewed:
            return
        verify = sync_to_async(tokens.renewed, thread_sensitive=False)
        try:
            claims = await verify(identity, self.provider, subject=account.subject)
        except tokens.TokenError as error:
            self.wrong.append(str(error))
        except ProviderError as error:
            self.failed.append(f"its keys: {error}")
        else:
            await sync_to_async(people.regroup)(self.provider, account, claims)


def _due(provider: Provider) -> deque[tuple[UUID, datetime | None]]:
    """Whom to ask for, and when they were asked for last."""
    due = OidcAccount.objects.filter(
        provider=provider.id,
        ended="",
        user__is_active=True,
        followed=True,
        checked_at__lt=timezone.now() - EVERY,
    )
    return deque(due.order_by("checked_at").values_list("pk", "checked_at"))


def _claimed(pk: UUID, seen: datetime | None) -> OidcAccount | None:
    """The account, if nobody else asks for it meanwhile."""
    now = timezone.now()
    if not OidcAccount.objects.filter(pk=pk, checked_at=seen, ended="").update(checked_at=now):
        return None
    return OidcAccount.objects.filter(pk=pk, checked_at=now).select_related("user").first()


def _keep(account: OidcAccount, token: str) -> None:
    """The token for the next time, unless somebody has signed in or out since."""
    with transaction.atomic():
        same = OidcAccount.objects.select_for_update().filter(pk=account.pk, checked_at=account.checked_at, ended="")
        if (now := same.first()) is not None:
            now.refresh_token = token
            now.save(update_fields=["refresh_token"])
