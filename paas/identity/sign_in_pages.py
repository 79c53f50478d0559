"""The pages on which people sign in, prove themselves again, and keep their second factors, below /console/.

allauth's views in the console's frame. Those that are not listed here are not there: nobody makes an account for
themselves, and no password comes by mail. Collected by `paas.urls`, before the console.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from allauth.account.views import LoginView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView, RemoveWebAuthnView
from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView
from unfold.widgets import INPUT_CLASSES

from paas.core import audit
from paas.core.errors import Refusal
from paas.core.site import console
from paas.identity import second_factor, sso_pages
from paas.identity.models import User

View = Callable[..., HttpResponse]


class PasswordView(LoginView):  # type: ignore[misc]  # allauth carries no types
    """Name and password, or one of the providers."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the providers."""
        return {**super().get_context_data(**kwargs), "providers": sso_pages.offered()}


class CodeView(AuthenticateView):  # type: ignore[misc]  # allauth carries no types
    """The second factor, once the password was right."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """A passkey that fails is told, as allauth tells of codes."""
        if form is self.webauthn_form:
            name = self.stage.login.user.get_username()
            audit.record_failed_sign_in(name, how=f"second factor {second_factor.KEY}")
        return cast(HttpResponse, super().form_invalid(form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the person has."""
        return {**super().get_context_data(**kwargs), "kinds": second_factor.kinds(self.stage.login.user)}


class SecurityView(IndexView):  # type: ignore[misc]  # allauth carries no types
    """One's second factors, and the providers one may sign in by."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With whether one must be added before anything else, and the providers."""
        person = cast(User, self.request.user)
        more = {"lacking": second_factor.lacking(person), "providers": sso_pages.offered(person)}
        return {**super().get_context_data(**kwargs), **more}


class RemoveKeyView(RemoveWebAuthnView):  # type: ignore[misc]  # allauth carries no types
    """Asks before a passkey goes."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Under a name of its own: of an `object` the theme's frame looks for the list."""
        context = cast(dict[str, Any], super().get_context_data(**kwargs))
        context["key"] = context.pop("object")
        return context


def in_console(view: View, title: str | Promise, *, whole: bool = True) -> View:
    """The view in the console's frame, never stored; a refusal on it is the answer's status.

    Args:
        whole: in one transaction with the audit events of what it does. Not where a directory is asked meanwhile.
    """

    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic() if whole else nullcontext():
            answer = view(request, *args, **kwargs)
        if isinstance(refusal := getattr(request, "refusal", None), Refusal):
            answer.status_code = refusal.status
        if isinstance(answer, TemplateResponse):
            answer.context_data = {**console.each_context(request), "title": title, **(answer.context_data or {})}
            for form in ("form", "webauthn_form"):
                _dress(answer.context_data.get(form))
        answer["Cache-Control"] = "no-store"
        return answer

    return framed


def too_many(request: HttpRequest) -> HttpResponse:
    """For an address that tries too often."""
    context = {**console.each_context(request), "title": _("Log in")}
    return TemplateResponse(request, "identity/too_many.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)


def _dress(form: Any) -> None:
    """The theme's fields in the place of plain ones; the button of their own name stands where a label would."""
    for field in getattr(form, "fields", {}).values():
        if isinstance(field.widget, forms.TextInput):
            field.widget.attrs["class"] = " ".join(INPUT_CLASSES)
            field.widget.attrs.pop("placeholder", None)


_confirm = gettext_lazy("Confirm that it is you")

urlpatterns = [
    path("login/", in_console(PasswordView.as_view(), gettext_lazy("Log in"), whole=False), name="account_login"),
    path("login/code/", in_console(CodeView.as_view(), gettext_lazy("Second factor")), name="mfa_authenticate"),
    # allauth's own page of signing in looks for its address.
    path("login/new/", RedirectView.as_view(pattern_name="account_login"), name="account_signup"),
    path("account/", in_console(SecurityView.as_view(), gettext_lazy("Security")), name="mfa_index"),
    path(
        "account/confirm/",
        in_console(ReauthenticateView.as_view(), _confirm, whole=False),
        name="account_reauthenticate",
    ),
    path("account/confirm/code/", in_console(ReauthenticateByCodeView.as_view(), _confirm), name="mfa_reauthenticate"),
    path(
        "account/confirm/key/",
        in_console(ReauthenticateWebAuthnView.as_view(), _confirm),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "account/app/",
        in_console(ActivateTOTPView.as_view(), gettext_lazy("Add an authenticator app")),
        name="mfa_activate_totp",
    ),
    path(
        "account/app/remove/",
        in_console(DeactivateTOTPView.as_view(), gettext_lazy("Remove the authenticator app")),
        name="mfa_deactivate_totp",
    ),
    path("account/keys/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path(
        "account/keys/add/",
        in_console(AddWebAuthnView.as_view(), gettext_lazy("Add a passkey")),
        name="mfa_add_webauthn",
    ),
    path(
        "account/keys/<int:pk>/remove/",
        in_console(RemoveKeyView.as_view(), gettext_lazy("Remove the passkey")),
        name="mfa_remove_webauthn",
    ),
    path(
        "account/codes/",
        in_console(ViewRecoveryCodesView.as_view(), gettext_lazy("Recovery codes")),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/codes/new/",
        in_console(GenerateRecoveryCodesView.as_view(), gettext_lazy("New recovery codes")),
        name="mfa_generate_recovery_codes",
    ),
]
