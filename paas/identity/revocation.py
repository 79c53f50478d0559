"""Ending the access of one person, everywhere: the same whether an operator decides it, a directory or a provider.

What lives on by itself ends with the account: sessions and API tokens at once, with the machines that wait for a token;
live views as soon as they hear of it; terminals at their next check, a few seconds later. Beside `services`.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from paas.core import audit, sse
from paas.core.permissions import Actor
from paas.identity.models import ApiToken, DeviceGrant, User


def end_access(user: User, reason: str, *, actor: Actor = None) -> None:
    """Close the account and end all that was opened with it. Whoever lets the person in again opens the account, and
    nothing of this comes back.

    The caller has asked for the permission; an account that is closed already is left as it is.

    Args:
        reason: in words, for the audit trail; empty where none was given.
        actor: who decided; None is the platform, on the word of a directory or a provider.
    """
    with transaction.atomic():
        open_ = User.objects.filter(pk=user.pk, is_active=True)
        if not open_.update(is_active=False, session_round=F("session_round") + 1):
            return
        tokens = ApiToken.objects.filter(user=user).delete()[0]
        DeviceGrant.objects.filter(user=user).update(state=DeviceGrant.State.DECLINED)
        audit.record(
            actor=actor,
            action="user.active_set",
            target=user,
            before={"active": True, "tokens": tokens},
            after={"active": False},
            reason=reason,
        )
        sse.hint(sse.EVERYONE)
    user.refresh_from_db(fields=["is_active", "session_round"])
