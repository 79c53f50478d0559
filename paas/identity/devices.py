"""Signing in a machine without a browser on it: the device authorization grant (RFC 8628). Beside `services`.

    the command         begin     → a device code it keeps, and a user code it shows
    a person, console   decide    → approve or decline what they see: which machine, from where, for what
    the command         redeem    → asked every `interval` seconds: not yet, no, or once the API token

Both codes are kept as digests under the platform's key, so that a copy of the table is no list of codes to try. The row
goes with the token it brought: a code works once.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_noop as _

from paas.core import audit
from paas.core.errors import Conflict, NotFound, Unauthenticated
from paas.core.permissions import Actor, require_token, signed_in
from paas.identity import services
from paas.identity.models import SCOPES, DeviceGrant, User

LIFE = timedelta(minutes=10)
SLOWER = 5  # seconds more between two questions for who asks too soon, as the RFC says
CLIENTS = frozenset({"dougong-cli"})
# Consonants without those that sound or look alike: no words, nothing to mistake; 20^8 codes.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8


class OAuthError(Exception):
    """An answer in the RFC's words: `error` is its code, `description` a sentence for people."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Begun:
    """What the machine gets: `device_code` to ask with, `user_code` to show; times in seconds."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The token, its life in seconds, and what it is for."""

    token: str
    expires_in: int
    scope: str


def begin(*, client_id: str, scope: str, machine: str, address: str | None) -> Begun:
    """A machine asks to sign in; nobody is known yet.

    Args:
        scope: `read`, `deploy` or `admin`.
        machine: what it calls itself; shown to who approves.

    Raises:
        OAuthError: `invalid_client`, `invalid_scope`.
    """
    _known(client_id)
    if scope not in SCOPES:
        raise OAuthError("invalid_scope", f"A token is for one of {', '.join(SCOPES)}.")
    device_code = secrets.token_urlsafe(32)
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    row = DeviceGrant.objects.create(
        device_digest=_digest(device_code),
        user_digest=_digest(letters),
        client_id=client_id,
        scope=scope,
        machine="".join(each for each in machine if each.isprintable())[:100],
        address=address,
        expires_at=timezone.now() + LIFE,
    )
    return Begun(device_code, f"{letters[:4]}-{letters[4:]}", int(LIFE.total_seconds()), row.interval)


def find(*, user_code: str, actor: Actor) -> DeviceGrant:
    """The sign-in that a user code belongs to, however it is typed.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: `device_code_not_found`: none, or its time is over.
        Conflict: `device_code_decided`.
    """
    if signed_in(actor) is None:
        raise Unauthenticated("not_authenticated", "Sign in first.")
    return _pending(DeviceGrant.objects.filter(user_digest=_digest(_letters(user_code))).first())


def decide(*, user_code: str, approve: bool, actor: Actor) -> DeviceGrant:
    """Let the machine in as oneself, or not. Whoever decides first has decided.

    Raises:
        Unauthenticated, NotFound, Conflict: as `find`.
    """
    person = signed_in(actor)
    if person is None or not isinstance(person, User):
        raise Unauthenticated("not_authenticated", "Sign in first.")
    require_token(actor, "own")
    with transaction.atomic():
        rows = DeviceGrant.objects.select_for_update()
        row = _pending(rows.filter(user_digest=_digest(_letters(user_code))).first())
        row.state = DeviceGrant.State.APPROVED if approve else DeviceGrant.State.DECLINED
        row.user = person
        row.save(update_fields=["state", "user"])
        told = {"machine": row.machine, "address": row.address, "scope": row.scope}
        audit.record(actor=actor, action=f"device.{row.state}", target=person, after=told)
    return row


def redeem(*, client_id: str, device_code: str) -> Redeemed:
    """What the machine asks again and again.

    Raises:
        OAuthError: `authorization_pending`, `slow_down`, `access_denied`, `expired_token`, `invalid_grant`,
            `invalid_client`.
    """
    _known(client_id)
    with transaction.atomic():
        answer = _answer(client_id, device_code)
    # Raised once the transaction has kept when it was asked.
    if isinstance(answer, OAuthError):
        raise answer
    return answer


def _answer(client_id: str, device_code: str) -> Redeemed | OAuthError:
    now, digest = timezone.now(), _digest(device_code)
    row = DeviceGrant.objects.select_for_update(of=("self",)).filter(device_digest=digest).first()
    if row is None or not hmac.compare_digest(row.device_digest, digest) or row.client_id != client_id:
        return OAuthError("invalid_grant", "There is no such device code, or its token was fetched.")
    if row.expires_at <= now:
        return OAuthError("expired_token", "The code was not approved in time.")
    if row.state == DeviceGrant.State.PENDING:
        return _not_yet(row)
    person = row.user
    if row.state == DeviceGrant.State.DECLINED or person is None or not person.is_active:
        return OAuthError("access_denied", "The sign-in was declined.")
    row.delete()
    name = f"dougong on {row.machine}" if row.machine else "dougong"
    token, expires = services.create_token(
        user=person, name=name[:100], scope=row.scope, machine=row.machine, actor=person
    )
    return Redeemed(token, round((expires - now).total_seconds()), row.scope)


def _not_yet(row: DeviceGrant) -> OAuthError:
    now = timezone.now()
    too_soon = row.polled_at is not None and now - row.polled_at < timedelta(seconds=row.interval)
    row.polled_at = now
    row.interval += SLOWER if too_soon else 0
    row.save(update_fields=["polled_at", "interval"])
    if too_soon:
        return OAuthError("slow_down", f"Ask every {row.interval} seconds.")
    return OAuthError("authorization_pending", "Nobody has approved it yet.")


def _pending(row: DeviceGrant | None) -> DeviceGrant:
    if row is None or row.expires_at <= timezone.now():
        raise NotFound(
            "device_code_not_found",
            _("No machine waits under this code."),
            rule=_("A code holds for ten minutes and works once."),
            remedy=_("Compare it with what `dougong login` printed, or run that again."),
        )
    if row.state != DeviceGrant.State.PENDING:
        raise Conflict(
            "device_code_decided",
            f"This sign-in is {row.state} already.",
            remedy="If that was not you, look at your tokens and revoke what you do not know.",
        )
    return row


def _known(client_id: str) -> None:
    if client_id not in CLIENTS:
        raise OAuthError("invalid_client", "This program is not known here.")


def _letters(user_code: str) -> str:
    """Only what can stand in a code, whatever blanks, dashes and small letters it was typed with."""
    return "".join(each for each in user_code.upper() if each in ALPHABET)[: LENGTH + 1]


def _digest(code: str) -> str:
    return salted_hmac("dougong.device", code, algorithm="sha256").hexdigest()
