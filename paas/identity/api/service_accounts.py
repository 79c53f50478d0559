"""`/api/v1/teams/TEAM/service-accounts/` and the tokens of each: parse, ask the service, answer.

Everybody who may view the team sees them; its owners alone see and make tokens.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from paas.core.api import ResourceViewSet
from paas.core.errors import NotFound
from paas.core.permissions import not_found, require, visible
from paas.identity import service_accounts, services
from paas.identity.api import serializers as forms
from paas.identity.models import ApiToken, Team, User


class OfTeam:
    """What the addresses have in common."""

    def team(self) -> Team:
        """The team of the address. NotFound where it may not be viewed."""
        view: Any = self
        found = visible(view.actor, Team.objects.all()).filter(name=view.kwargs.get("team", "")).first()
        if found is None:
            raise not_found(Team)
        return found

    def account(self, name: str) -> User:
        """A service account of the team. NotFound `service_account_not_found`."""
        team = self.team()
        username = service_accounts.username_of(team, name)
        account = service_accounts.service_accounts(team).filter(username=username).first()
        if account is None:
            raise NotFound(
                "service_account_not_found",
                f"Team '{team}' has no service account '{name[:60]}'.",
                remedy=f"See `dougong service-account list {team}`.",
            )
        return account


@extend_schema_view(list=extend_schema(operation_id="service_accounts_list"))
class ServiceAccountViewSet(OfTeam, ResourceViewSet[User]):
    """The service accounts of a team."""

    queryset = User.objects.all()
    serializer_class = forms.ServiceAccountOut
    ordering = "username"

    def get_queryset(self) -> QuerySet[User]:
        """Of the team in the address."""
        if getattr(self, "swagger_fake_view", False):
            return User.objects.none()
        return service_accounts.service_accounts(self.team())

    @extend_schema(
        operation_id="service_accounts_create",
        request=forms.ServiceAccountIn,
        responses={201: forms.ServiceAccountOut},
    )
    def create(self, request: Request, team: str) -> Response:
        """A new one; owners only."""
        name = self.parsed(forms.ServiceAccountIn)["name"]
        made = service_accounts.create_service_account(team=self.team(), name=name, actor=self.actor)
        return self.answer(made, status=201)

    @extend_schema(operation_id="service_accounts_destroy", responses={204: None})
    def destroy(self, request: Request, team: str, account: str) -> Response:
        """End one and all its tokens; owners only."""
        service_accounts.remove_service_account(account=self.account(account), actor=self.actor)
        return Response(status=204)


@extend_schema_view(list=extend_schema(operation_id="service_account_tokens_list"))
class ServiceAccountTokenViewSet(OfTeam, ResourceViewSet[ApiToken]):
    """The tokens of a service account; owners only."""

    queryset = ApiToken.objects.all()
    serializer_class = forms.TokenOut
    ordering = "-created"
    lookup_field = "token_key"
    lookup_url_kwarg = "id"

    def get_queryset(self) -> Any:
        """Of the service account in the address."""
        if getattr(self, "swagger_fake_view", False):
            return ApiToken.objects.none()
        require(self.actor, "own", self.team())
        return ApiToken.objects.filter(user=self.account(self.kwargs["account"]))

    @extend_schema(
        operation_id="service_account_tokens_create",
        request=forms.ServiceTokenIn,
        responses={201: forms.NewTokenOut},
    )
    def create(self, request: Request, team: str, account: str) -> Response:
        """A new token, shown this once."""
        body = self.parsed(forms.ServiceTokenIn)
        token, expires = services.create_token(user=self.account(account), actor=self.actor, **body)
        return Response(forms.NewTokenOut({"token": token, "expires_at": expires}).data, status=201)

    @extend_schema(operation_id="service_account_tokens_destroy", responses={204: None})
    def destroy(self, request: Request, team: str, account: str, id: str) -> Response:
        """End a token."""
        services.revoke_token(token=self.get_object(), actor=self.actor)
        return Response(status=204)
