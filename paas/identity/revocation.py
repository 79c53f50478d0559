"""Ending the access of one person, everywhere: the same whether an operator decides it or a provider.

Sessions end with the account, live views as soon as they look again. Beside `services`.
"""

from __future__ import annotations

from django.db import transaction

from paas.core import audit
from paas.core.permissions import Actor
from paas.identity.models import ApiToken, DeviceGrant, User


def end_access(user: User, reason: str, *, actor: Actor = None) -> None:
    """Close the account and end all that was opened with it; one that is closed already is left as it is.

    Args:
        reason: in words, for the audit trail.
        actor: who decided; None is the platform, on the word of a provider.
    """
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            return
        tokens = ApiToken.objects.filter(user=user).delete()[0]
        DeviceGrant.objects.filter(user=user).delete()
        audit.record(
            actor=actor,
            action="user.active_set",
            target=user,
            before={"active": True, "tokens": tokens},
            after={"active": False},
            reason=reason,
        )
    user.refresh_from_db(fields=["is_active"])
