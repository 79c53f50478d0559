"""Signing in and out, and failing to, as events of the audit trail.

Django's own views sign people in, and tell of it by signals alone.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from paas.core import audit
from paas.identity.models import User


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    with transaction.atomic():
        audit.record(actor=user, action="sign_in.succeeded", target=user)


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None:
        with transaction.atomic():
            audit.record(actor=user, action="sign_in.ended", target=user)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], **_: Any) -> None:
    audit.record_failed_sign_in(str(credentials.get("username", "")), how="password")
