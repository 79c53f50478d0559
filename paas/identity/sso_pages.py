"""Signing in by an OpenID provider: there and back again, linking an account, and the provider's own word that
somebody has signed out. Below /console/; collected by `paas.urls`.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import structlog
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url, perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from paas.core import audit
from paas.core.errors import Refusal
from paas.core.site import refused
from paas.identity.models import OidcAccount, User
from paas.identity.oidc import conversation, people, tokens
from paas.identity.oidc.conversation import Begun
from paas.identity.oidc.documents import ProviderError
from paas.identity.oidc.providers import Provider

logger = structlog.get_logger(__name__)

UNDER_WAY = "sso_under_way"

View = Callable[[HttpRequest, str], HttpResponse]
_confirmed = cast(Callable[[View], View], reauthentication_required(app="identity"))


class _AwayError(Exception):
    """Nobody is let in: what the person is told, and what the audit trail is."""

    def __init__(self, said: str, how: str) -> None:
        super().__init__(said)
        self.said = said
        self.how = how


@never_cache
@require_POST
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider, to sign in."""
    return _sent(request, _provider(provider_id), linking=False)


@never_cache
@require_POST
@login_required
@_confirmed
def begin_link(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider, to link an account there with one's own here; by who has shown that it is them."""
    return _sent(request, _provider(provider_id), linking=True)


@never_cache
@require_GET
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """From the provider, with a code or a no."""
    provider = _provider(provider_id)
    try:
        begun, claims, refresh_token = _vouched(request, provider)
        if begun.linking:
            people.link(provider, claims, refresh_token=refresh_token, actor=cast(User, request.user))
            messages.success(request, _("You can log in by %(provider)s now.") % {"provider": provider.name})
            return HttpResponseRedirect(reverse("mfa_index"))
        user = people.admit(provider, claims, refresh_token=refresh_token)
    except Refusal as refusal:
        return _turned_away(request, provider, refused(refusal), refusal.code)
    except _AwayError as away:
        return _turned_away(request, provider, away.said, away.how)
    # An internal of allauth's: it has no public way to say by what somebody came.
    record_authentication(request, user, method="sso", provider=provider.id)
    answer = perform_login(request, user, email_verification="none", redirect_url=begun.after or None)
    return cast(HttpResponse, answer)


@require_POST
@login_required
@_confirmed
def unlink(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Without the provider from now on; by who has shown that it is them."""
    try:
        people.unlink(provider_id, actor=cast(User, request.user))
        messages.success(request, _("You log in without it from now on."))
    except Refusal as refusal:
        messages.error(request, refused(refusal))
    return HttpResponseRedirect(reverse("mfa_index"))


@csrf_exempt
@never_cache
@require_POST
def signed_out(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The provider says that somebody has signed out (Back-Channel Logout 1.0)."""
    provider = _provider(provider_id)
    try:
        people.log_out(provider, tokens.logout(request.POST.get("logout_token", ""), provider))
    except tokens.TokenError as error:
        logger.warning("sso_logout_refused", provider=provider.id, error=str(error)[:300])
        said = {"error": "invalid_request", "error_description": "The logout token was refused."}
        return JsonResponse(said, status=HTTPStatus.BAD_REQUEST)
    except ProviderError as error:
        logger.warning("sso_provider_unreachable", provider=provider.id, error=str(error)[:300])
        return JsonResponse({"error": "temporarily_unavailable"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return HttpResponse()


def offered(user: User | None = None) -> list[dict[str, object]]:
    """The providers, each with whether it is linked with the person's account."""
    linked = set(OidcAccount.objects.filter(user=user).values_list("provider", flat=True)) if user else set()
    return [{"id": each.id, "name": each.name, "linked": each.id in linked} for each in settings.DOUGONG.oidc_providers]


def _provider(provider_id: str) -> Provider:
    found = next((each for each in settings.DOUGONG.oidc_providers if each.id == provider_id), None)
    if found is None:
        raise Http404
    return found


def _back(request: HttpRequest, provider: Provider) -> str:
    return request.build_absolute_uri(reverse("sso_back", args=[provider.id]))


def _sent(request: HttpRequest, provider: Provider, *, linking: bool) -> HttpResponse:
    begun = conversation.begin(provider, linking=linking, after=get_next_redirect_url(request) or "")
    try:
        where = conversation.address(provider, begun, back=_back(request, provider))
    except ProviderError as error:
        away = _unreachable(provider, error)
        return _turned_away(request, provider, away.said, away.how)
    # One at a time: whoever begins again means the second.
    request.session[UNDER_WAY] = begun.kept()
    return HttpResponseRedirect(where)


def _vouched(request: HttpRequest, provider: Provider) -> tuple[Begun, dict[str, Any], str]:
    """What was begun here, the claims of who signed in, and their refresh token."""
    begun = _begun(request)
    if begun is None or begun.provider != provider.id or begun.linking != request.user.is_authenticated:
        raise _AwayError(_("This sign-in was not begun here, or is over. Begin again."), "state")
    if "code" not in request.GET or request.GET.get("iss", provider.issuer) != provider.issuer:
        said = _("%(provider)s let nobody in.") % {"provider": provider.name}
        raise _AwayError(said, request.GET.get("error", "no code"))
    try:
        back = _back(request, provider)
        claims, refresh_token = conversation.finish(provider, begun, code=request.GET["code"], back=back)
    except ProviderError as error:
        raise _unreachable(provider, error) from error
    except (conversation.GrantError, tokens.TokenError) as error:
        said = _("What %(provider)s sent cannot be trusted. Begin again.") % {"provider": provider.name}
        raise _AwayError(said, str(error)) from error
    return begun, claims, refresh_token


def _begun(request: HttpRequest) -> Begun | None:
    """The sign-in that the browser was sent away for, once."""
    kept = request.session.pop(UNDER_WAY, None)
    if kept is None or not kept["state"] or kept["state"] != request.GET.get("state"):
        return None
    return Begun(**kept)


def _unreachable(provider: Provider, error: ProviderError) -> _AwayError:
    logger.warning("sso_provider_unreachable", provider=provider.id, error=str(error)[:300])
    said = _("%(provider)s does not answer as it should. Try again, or log in by a password.")
    return _AwayError(said % {"provider": provider.name}, "unreachable")


def _turned_away(request: HttpRequest, provider: Provider, said: str, how: str) -> HttpResponse:
    """Back to where it began, with what is wrong; the audit trail knows more."""
    audit.record_failed_sign_in("", how=f"{provider.id}: {how}"[:100])
    messages.error(request, said)
    return HttpResponseRedirect(reverse("mfa_index" if request.user.is_authenticated else "account_login"))


urlpatterns = [
    path("login/by/<slug:provider_id>/", begin, name="sso_begin"),
    path("login/by/<slug:provider_id>/back/", come_back, name="sso_back"),
    path("login/by/<slug:provider_id>/signed-out/", signed_out, name="sso_signed_out"),
    path("account/by/<slug:provider_id>/link/", begin_link, name="sso_link"),
    path("account/by/<slug:provider_id>/unlink/", unlink, name="sso_unlink"),
]
