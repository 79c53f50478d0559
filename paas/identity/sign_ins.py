"""Signing in and out, and failing to, and second factors coming and going, as events of the audit trail.

Django's and allauth's own views do it, and tell of it by signals alone. `sign_in_pages` puts each into one transaction
with its event.
"""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from paas.core import audit
from paas.identity import second_factor
from paas.identity.models import User


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    with transaction.atomic():
        audit.record(actor=user, action="sign_in.succeeded", target=user, after={"by": _by(request, user)})


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None:
        with transaction.atomic():
            audit.record(actor=user, action="sign_in.ended", target=user)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], **_: Any) -> None:
    audit.record_failed_sign_in(str(credentials.get("username", "")), how="password")


@receiver(mfa.authentication_failed)
def _factor_failed(user: User, authenticator: Authenticator, **_: Any) -> None:
    audit.record_failed_sign_in(user.get_username(), how=f"second factor {authenticator.type}")


# allauth's own signal comes after the commit. New recovery codes take the place of the old.
@receiver(post_save, sender=Authenticator)
def _factor_added(instance: Authenticator, created: bool, **_: Any) -> None:
    if created:
        user = instance.user
        with transaction.atomic():
            second_factor.forget_unused(user)
            audit.record(actor=user, action="second_factor.added", target=user, after=_told(instance))


@receiver(mfa.authenticator_removed)
def _factor_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    with transaction.atomic():
        second_factor.forget_unused(user)
        audit.record(actor=user, action="second_factor.removed", target=user, before=_told(authenticator))


def _told(authenticator: Authenticator) -> dict[str, str]:
    """Its kind, and the name of a passkey."""
    name = authenticator.data.get("name", "")
    return {"kind": str(authenticator.type), **({"name": str(name)} if name else {})}


def _by(request: HttpRequest | None, user: User) -> list[str]:
    """By what: `["password", "totp"]`."""
    if request is None or not hasattr(request, "session"):
        return []
    return [str(each.get("type") or each["method"]) for each in get_authentication_records(request, user)]
