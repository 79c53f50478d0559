"""What allauth asks of the house: who may sign in and from where, and where the secrets of second factors are kept.

Named by the settings `ACCOUNT_ADAPTER` and `MFA_ADAPTER`.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from paas.core.errors import Refusal
from paas.core.site import refused
from paas.identity.authentication import address_of
from paas.identity.models import FactorSecret, User

# What the page itself tells.
SILENT = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Accounts are made by operators."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Who these are of, by the local passwords or the directory. A refusal, as where the directory does not answer,
        is told above the form and is the answer's status.
        """
        try:
            return super().authenticate(request, **credentials)
        except Refusal as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]  # read by sign_in_pages
            raise ValidationError(refused(refusal), code=refusal.code) from refusal

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes one for themselves."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The connection's own: a header that anyone can write counts for nothing. Behind a socket all are one."""
        return address_of(request) or "socket"

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Back to where one signs in."""
        messages.error(request, _("This account is closed. Ask an operator."))
        return HttpResponseRedirect(reverse("account_login"))

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """All but greetings."""
        if message_template not in SILENT:
            super().add_message(request, level, message_template, *args, **kwargs)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth carries no types
    """Seeds are sealed each in a row of its own, which `manage.py rotate_keys` finds; allauth's row holds its id."""

    def get_totp_label(self, user: User) -> str:
        """The name one signs in by."""
        return user.get_username()

    def get_totp_issuer(self) -> str:
        """Whose code it is, in the app's list: the host tells one platform from another."""
        return f"Dougong {context.request.get_host()}"

    def encrypt(self, text: str) -> str:
        """Keep a seed of who adds a factor; its id."""
        return str(FactorSecret.objects.create(user=context.request.user, value=text).pk)

    def decrypt(self, encrypted_text: str) -> str:
        """The seed."""
        return FactorSecret.objects.get(pk=encrypted_text).value
