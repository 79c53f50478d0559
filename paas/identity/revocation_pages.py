"""Pages of the console that end a token, or a service account and its tokens: what is lost first, then a typed name.

Thin entrypoints over `services` and `service_accounts`, as the API is.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from paas.core.forms import TypedNameForm
from paas.core.pages import acted, page
from paas.core.permissions import visible, words
from paas.core.site import register_view
from paas.identity import service_accounts, services
from paas.identity.models import ApiToken, Team, User
from paas.identity.pages import shown


class TokenRevocationForm(TypedNameForm):
    """The name of a token typed out; where it has none, its first characters."""

    asked = gettext_lazy("To confirm, type the name of the token:")


class AccountRemovalForm(TypedNameForm):
    """The name of a service account typed out."""

    asked = gettext_lazy("To confirm, type the name of the service account:")


def revoke_view(request: HttpRequest, key: str) -> HttpResponse:
    """End a token of one's own, or of a service account of one's team."""
    mine = Q(user=request.user.pk) | Q(user__team__in=_teams(request))
    token = ApiToken.objects.select_related("user__team").filter(mine, token_key=key).first()
    if token is None or not (token.user == request.user or _owns(request, token.user)):
        raise Http404
    form = TokenRevocationForm(_sent(request), expected=token.name or token.token_key)

    def act(said: dict[str, Any]) -> str:
        services.revoke_token(token=token, actor=request.user)
        return _("The token %(token)s is revoked.") % {"token": token.name or token}

    if answer := acted(request, form, act, done=reverse("admin:tokens")):
        return answer
    account = _reference(token.user)
    twin = f"dougong token revoke {key}{f' --service-account {account}' if account else ''}"
    at = f"{_api(token.user)}tokens/{key}/" if account else f"/api/v1/tokens/{key}/"
    context = {
        "title": _("Revoke token %(name)s") % {"name": token.name or token},
        "tokens": shown([token]),
        "form": form,
        "icon": "key_off",
        "back": reverse("admin:tokens"),
        "twin": f"{twin} · DELETE {at}",
    }
    return page(request, "identity/token_revoke.html", context)


def remove_account_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a service account of one's team, and all its tokens."""
    accounts = User.objects.select_related("team").filter(is_active=True, team__in=_teams(request))
    account = accounts.filter(pk=pk).first()
    if account is None or not _owns(request, account):
        raise Http404
    form = AccountRemovalForm(_sent(request), expected=account.username)

    def act(said: dict[str, Any]) -> str:
        service_accounts.remove_service_account(account=account, actor=request.user)
        return _("The service account %(name)s is removed, with its tokens.") % {"name": account.username}

    if answer := acted(request, form, act, done=reverse("admin:tokens")):
        return answer
    context = {
        "title": _("Remove service account %(name)s") % {"name": account.username},
        "removed": True,
        "tokens": shown(ApiToken.objects.filter(user=account)),
        "form": form,
        "icon": "person_remove",
        "back": reverse("admin:tokens"),
        "twin": f"dougong service-account remove {_reference(account).replace('/', ' ')} · DELETE {_api(account)}",
    }
    return page(request, "identity/token_revoke.html", context)


def _teams(request: HttpRequest) -> QuerySet[Team]:
    """Those the person sees: what is of another is as if it were not there."""
    return visible(request.user, Team.objects.all())


def _owns(request: HttpRequest, account: User) -> bool:
    """Whether it is a service account of a team that the person owns."""
    return account.team is not None and "own" in words(request.user, account.team)


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _reference(user: User) -> str:
    """TEAM/NAME of a service account, "" of a person."""
    return f"{user.team.name}/{user.username.removesuffix(f'@{user.team.name}')}" if user.team else ""


def _api(account: User) -> str:
    team, _, name = _reference(account).partition("/")
    return f"/api/v1/teams/{team}/service-accounts/{name}/"


register_view("tokens/<str:key>/revoke/", revoke_view, name="token_revoke")
register_view("service-accounts/<uuid:pk>/remove/", remove_account_view, name="service_account_remove")
