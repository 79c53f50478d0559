"""Second factors: who must have one, what is refused without it, and the reset for who has lost theirs.

allauth keeps and asks for them (`sign_in_pages`); this says what they are for here. Stands beside `services`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from allauth.mfa.models import Authenticator
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from paas.core import audit, problems
from paas.core.errors import Conflict, Forbidden
from paas.core.permissions import OPERATE, Actor, is_operator, require, signed_in
from paas.identity.models import FactorSecret, User

Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

APP, KEY, CODES = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES
# What remains open to who must add a factor first: adding it, leaving, and what pages are drawn with.
OPEN = ("/console/account/", "/console/login/", "/console/logout/", "/console/language/", "/console/jsi18n/")


def kinds(user: User) -> list[str]:
    """What the person can prove themselves by: "totp", "webauthn"; each as often as they have it."""
    factors = Authenticator.objects.filter(user=user).exclude(type=CODES)
    return [str(kind) for kind in factors.order_by("type").values_list("type", flat=True)]


def required_of(user: User) -> bool:
    """Whether the person must have one. Service accounts have no password to add to."""
    rule = settings.DOUGONG.second_factor
    if rule == "optional" or user.team_id is not None:
        return False
    return rule == "everyone" or is_operator(user)


def lacking(user: User) -> bool:
    """Whether the person must have one and has none."""
    return required_of(user) and not kinds(user)


def refuse_without(user: User) -> None:
    """Refuse with `second_factor_required` who must have one and has none."""
    if lacking(user):
        raise _required()


def refuse_password_alone(user: User) -> None:
    """Refuse with `second_factor_needed` who has one, or must have one, and gave a password alone."""
    if required_of(user) or kinds(user):
        audit.record_failed_sign_in(user.get_username(), how="password alone")
        raise Forbidden(
            "second_factor_needed",
            "A password alone is not enough for this account.",
            rule="Who has a second factor signs in with both, and an operator may have to have one.",
            remedy="Sign in with `dougong login` without --username, and approve its code in the console.",
        )


def reset(*, user: User, reason: str, actor: Actor) -> int:
    """Take away all second factors of a person who has lost theirs, recovery codes too; how many. Operators may.

    Args:
        reason: kept in the audit trail.

    Raises:
        Conflict: `second_factor_own`, `second_factor_absent`.
        Forbidden: `superuser_required`, for a superuser's by somebody who is none.
    """
    require(actor, OPERATE, None)
    person = signed_in(actor)
    if person == user:
        raise Conflict(
            "second_factor_own",
            _("These are your own."),
            rule=_("One's own second factor is removed with that factor, so that whoever finds a session can't."),
            remedy=_("Remove it on your page Security, or ask another operator."),
        )
    if user.is_superuser and not (person and person.is_superuser):
        raise Forbidden(
            "superuser_required",
            f"'{user}' is a superuser.",
            rule="A superuser's second factor is reset by a superuser.",
            remedy="Ask one, or run `manage.py reset_second_factor` on the server.",
        )
    return _reset(user, reason, actor)


def reset_on_server(*, user: User, reason: str) -> int:
    """The same by whoever may run commands on the server, for the last one who could have done it."""
    return _reset(user, reason, None)


def forget_unused(user: User) -> None:
    """Delete the secrets that no factor of the person names any more."""
    named = [str(value) for data in Authenticator.objects.filter(user=user).values_list("data", flat=True)
             for value in (data.get("secret"), data.get("seed")) if value]  # fmt: skip
    FactorSecret.objects.filter(user=user).exclude(pk__in=named).delete()


def _reset(user: User, reason: str, actor: Actor) -> int:
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(user=user)
        before = sorted(str(row.type) for row in rows)
        if not before:
            raise Conflict(
                "second_factor_absent", f"'{user}' has no second factor.", remedy="There is nothing to reset."
            )
        rows.delete()
        forget_unused(user)
        audit.record(actor=actor, action="second_factor.reset", target=user, before={"factors": before}, reason=reason)
    return len(before)


def _required() -> Forbidden:
    return Forbidden(
        "second_factor_required",
        _("You need a second factor to go on."),
        rule=_("Whoever operates this platform, or everybody, signs in with a second factor: DOUGONG_SECOND_FACTOR."),
        remedy=_("Sign in to the console and add an authenticator app or a passkey on the page Security."),
    )


class SecondFactorMiddleware:
    """Leads people who must have a second factor and have none to the page where they add one.

    For who comes with a session; a token is looked at by `authentication`.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """One request, in either world; nothing is asked where the setting asks for nothing."""
        if settings.DOUGONG.second_factor == "optional":
            return self.get_response(request)
        if iscoroutinefunction(self.get_response):
            return self._later(request)
        return _held_back(request) or self.get_response(request)

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        held = await sync_to_async(_held_back)(request)
        if held is not None:
            return held
        answer = self.get_response(request)
        return answer if isinstance(answer, HttpResponseBase) else await answer


def _held_back(request: HttpRequest) -> HttpResponse | None:
    if request.path.startswith(OPEN) or not isinstance(request.user, User) or not lacking(request.user):
        return None
    if request.path.startswith("/api/"):
        return problems.plain(request, _required())
    return HttpResponseRedirect(reverse("mfa_index"))
