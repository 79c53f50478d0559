"""What becomes of a provider's people here: let in, linked, given roles, ended. Writes accounts and roles.

- An account belongs to a subject of the provider, never to a name or an e-mail address: nobody gets another's account
  by being called as they are. Whoever has an account here links it themselves, signed in to both.
- A new account is made for who is in a group that the map gives a role to.
- Their groups are mirrored into roles (`mirroring`) at each sign-in and with each renewal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from paas.core import audit
from paas.core.encryption import keyed_digest
from paas.core.errors import Conflict, Forbidden
from paas.identity.mirroring import mirror, seats
from paas.identity.models import OidcAccount, OidcLogout, User
from paas.identity.oidc.providers import Provider
from paas.identity.oidc.tokens import Logout, TokenError
from paas.identity.revocation import end_access

logger = structlog.get_logger(__name__)

LOGGED_OUT, REFUSED, NO_GROUP = "logged_out", "refused", "no_group"
# As it stands in the audit trail.
REASONS = {
    LOGGED_OUT: "signed out at the provider",
    REFUSED: "the provider refuses to renew the sign-in",
    NO_GROUP: "in no mapped group of the provider any more",
}


def admit(provider: Provider, claims: Mapping[str, Any], *, refresh_token: str) -> User:
    """Let in whom the provider vouches for, with the roles that their groups give.

    Args:
        claims: of a token that was verified.

    Raises:
        Forbidden: `sso_not_admitted`, `sso_name_taken`.
    """
    roles = provider.roles(claims)
    known = OidcAccount.objects.filter(provider=provider.id, subject=claims["sub"]).select_related("user").first()
    # Who was linked has an account without the provider's groups.
    if not roles and (known is None or not known.user.has_usable_password()):
        if known is not None:
            end(known, NO_GROUP, seen=known.checked_at)
        raise _not_admitted(f"You are in none of the groups of {provider.name} that have a role on this platform.")
    with transaction.atomic():
        account = _locked(provider, claims) or _made(provider, claims)
        if not account.user.is_active:
            _open_again(account)
        _note(account, claims, refresh_token)
        mirror(account, seats(roles))
    return account.user


def link(provider: Provider, claims: Mapping[str, Any], *, refresh_token: str, actor: User) -> None:
    """Let a signed-in person sign in by the provider from now on.

    Raises:
        Conflict: `sso_linked_to_another`, `sso_linked_already`.
    """
    with transaction.atomic():
        account = _locked(provider, claims)
        if account is not None and account.user != actor:
            raise Conflict(
                "sso_linked_to_another",
                f"Your account at {provider.name} belongs to another account here.",
                remedy="Sign in with that one, or ask an operator.",
            )
        if account is None:
            if OidcAccount.objects.filter(provider=provider.id, user=actor).exists():
                raise Conflict(
                    "sso_linked_already",
                    f"Another account at {provider.name} is linked with yours.",
                    remedy="Unlink it first.",
                )
            account = OidcAccount.objects.create(provider=provider.id, subject=claims["sub"], user=actor)
            audit.record(actor=actor, action="sso.linked", target=actor, after=_told(account))
        _note(account, claims, refresh_token)
        mirror(account, seats(provider.roles(claims)))


def unlink(provider_id: str, *, actor: User) -> None:
    """Sign in without the provider from now on; what its groups gave goes.

    Raises:
        Conflict: `sso_only_way`, for who has no password.
    """
    if not actor.has_usable_password():
        raise Conflict(
            "sso_only_way",
            "There is no other way to your account.",
            rule="An account keeps one way to sign in.",
            remedy="Ask an operator.",
        )
    with transaction.atomic():
        for account in OidcAccount.objects.select_for_update().filter(provider=provider_id, user=actor):
            mirror(account, {})
            audit.record(actor=actor, action="sso.unlinked", target=actor, before=_told(account))
            account.delete()


def regroup(provider: Provider, account: OidcAccount, claims: Mapping[str, Any]) -> None:
    """Roles as the groups of a renewed sign-in give them; access ends for who is in none and has no other way here.

    Args:
        account: as it was when it was asked for: who has signed in or out since stays as they are.
        claims: of a token that was verified.
    """
    roles = provider.roles(claims)
    if not roles and not account.user.has_usable_password():
        end(account, NO_GROUP, seen=account.checked_at)
        return
    with transaction.atomic():
        same = OidcAccount.objects.filter(pk=account.pk, checked_at=account.checked_at, ended="")
        if (now := same.select_for_update(of=("self",)).select_related("user").first()) is not None:
            mirror(now, seats(roles))


def log_out(provider: Provider, asked: Logout) -> int:
    """End the access of whom the provider has signed out; how many.

    Raises:
        TokenError: it came before.
    """
    whom = Q(subject=asked.subject) if asked.subject else Q(session=asked.session)
    try:
        with transaction.atomic():
            OidcLogout.objects.create(provider=provider.id, jti_digest=keyed_digest(asked.jti.encode()))
            accounts = list(OidcAccount.objects.filter(whom, provider=provider.id, ended="").select_related("user"))
            for account in accounts:
                end(account, LOGGED_OUT, seen=account.checked_at)
    except IntegrityError as error:
        raise TokenError("it was used before") from error
    return len(accounts)


def end(account: OidcAccount, reason: str, *, seen: datetime | None) -> None:
    """Take a person's access until they sign in by the provider again.

    Args:
        reason: a key of REASONS.
        seen: when they had last been vouched for, as far as the caller knows: who has signed in since stays.
    """
    with transaction.atomic():
        now = OidcAccount.objects.select_for_update(of=("self",)).filter(pk=account.pk).first()
        if now is None or now.ended or now.checked_at != seen:
            return
        end_access(account.user, f"{REASONS[reason]} ({now.provider})")
        now.ended, now.refresh_token, now.followed = reason, "", False
        now.save(update_fields=["ended", "refresh_token", "followed"])
        if reason == NO_GROUP:
            mirror(now, {})
    logger.info("sso_ended", person=account.user.username, reason=reason)


def _locked(provider: Provider, claims: Mapping[str, Any]) -> OidcAccount | None:
    accounts = OidcAccount.objects.select_for_update(of=("self",)).select_related("user")
    return accounts.filter(provider=provider.id, subject=claims["sub"]).first()


def _made(provider: Provider, claims: Mapping[str, Any]) -> OidcAccount:
    name = str(claims.get("preferred_username") or claims.get("email") or "")
    user = User(username=name, email=str(claims.get("email") or "")[:254])
    user.set_unusable_password()
    try:
        User._meta.get_field("username").clean(name, user)
    except ValidationError as error:
        raise _not_admitted(f"'{name[:60]}' cannot be a name on this platform.") from error
    try:
        with transaction.atomic():
            if User.objects.filter(username__iexact=name).exists():
                # Whoever signs in twice at once for the first time has the other's account.
                if (account := _locked(provider, claims)) is not None:
                    return account
                raise _name_taken(provider, name)
            user.save(force_insert=True)
            account = OidcAccount.objects.create(provider=provider.id, subject=claims["sub"], user=user)
            after = {"username": name, **_told(account)}
            audit.record(actor=None, action="user.created", target=user, after=after)
    except IntegrityError as error:
        raise _name_taken(provider, name) from error
    return account


def _open_again(account: OidcAccount) -> None:
    user, before = account.user, account.ended
    if not before:
        raise _not_admitted("An operator of the platform has closed your account.")
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(
        actor=None, action="user.active_set", target=user, before={"active": False}, after={"active": True},
        reason=f"vouched for again; was {REASONS[before]}",
    )  # fmt: skip


def _note(account: OidcAccount, claims: Mapping[str, Any], refresh_token: str) -> None:
    account.session = str(claims.get("sid") or "")[:255]
    account.refresh_token, account.followed = refresh_token, bool(refresh_token)
    account.checked_at, account.ended = timezone.now(), ""
    account.save(update_fields=["session", "refresh_token", "followed", "checked_at", "ended"])


def _told(account: OidcAccount) -> dict[str, str]:
    return {"provider": account.provider, "subject": account.subject}


def _not_admitted(message: str) -> Forbidden:
    return Forbidden(
        "sso_not_admitted",
        message,
        rule="Who signs in by a provider is in one of its groups that have a role here, or has linked an account.",
        remedy="Ask whoever keeps the provider's groups, or an operator of the platform.",
    )


def _name_taken(provider: Provider, name: str) -> Forbidden:
    return Forbidden(
        "sso_name_taken",
        f"There is an account named '{name}' here that is not linked with {provider.name}.",
        rule="An account is never given to somebody for being called the same.",
        remedy="If it is yours, log in with its password, and link it on the page Security.",
    )
