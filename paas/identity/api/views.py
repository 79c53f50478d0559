"""`/api/v1/login`, `/me`, `/tokens/` and `/teams/`: parse, ask the service, answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth import authenticate
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from paas.core.api import IF_MATCH, IF_MATCH_IF_IT_MATTERS, ResourceViewSet, etag
from paas.core.errors import Unauthenticated
from paas.core.permissions import OPERATE, Actor, require, with_words
from paas.identity import holds, second_factor, services
from paas.identity.api import serializers as forms
from paas.identity.models import ApiToken, Team, User
from paas.identity.roles import members, person_named, platform_members
from paas.identity.throttles import AddressThrottle


class LoginView(APIView):
    """Name and password for a token; used by the CLI. Not for people with a second factor, who sign in by a code."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [AddressThrottle]
    throttle_scope = "login"

    @extend_schema(operation_id="login", request=forms.LoginIn, responses={201: forms.NewTokenOut}, auth=[])
    def post(self, request: Request) -> Response:
        """A new token, shown this once."""
        form = forms.LoginIn(data=request.data)
        form.is_valid(raise_exception=True)
        body = form.validated_data
        user = authenticate(request._request, username=body["username"], password=body["password"])
        if user is None:
            raise Unauthenticated("login_failed", "Name or password is wrong.")
        second_factor.refuse_password_alone(user)
        token, expires = services.create_token(user=user, name=body["name"] or "login", actor=user)
        return Response(forms.NewTokenOut({"token": token, "expires_at": expires}).data, status=201)


class MeView(APIView):
    """Oneself."""

    @extend_schema(operation_id="me", responses=forms.MeOut)
    def get(self, request: Request) -> Response:
        """Name, teams and roles."""
        return Response(forms.MeOut(cast(User, request.user)).data)


@extend_schema_view(list=extend_schema(operation_id="tokens_list"))
class TokenViewSet(ResourceViewSet[ApiToken]):
    """One's own API tokens."""

    queryset = ApiToken.objects.all()
    serializer_class = forms.TokenOut
    filterset_fields = ["name"]
    ordering = "-created"
    lookup_field = "token_key"
    lookup_url_kwarg = "id"

    def get_queryset(self) -> Any:
        """Nobody else's, not even for operators."""
        return ApiToken.objects.filter(user_id=self.request.user.pk)

    @extend_schema(operation_id="tokens_create", request=forms.TokenIn, responses={201: forms.NewTokenOut})
    def create(self, request: Request) -> Response:
        """A new token, shown this once."""
        body = self.parsed(forms.TokenIn)
        token, expires = services.create_token(user=cast(User, request.user), actor=self.actor, **body)
        return Response(forms.NewTokenOut({"token": token, "expires_at": expires}).data, status=201)

    @extend_schema(operation_id="tokens_destroy", responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        """End a token."""
        services.revoke_token(token=self.get_object(), actor=self.actor)
        return Response(status=204)


@extend_schema_view(
    list=extend_schema(operation_id="teams_list"), retrieve=extend_schema(operation_id="teams_retrieve")
)
class TeamViewSet(ResourceViewSet[Team]):
    """Teams one may view."""

    queryset = Team.objects.all()
    serializer_class = forms.TeamOut
    filterset_fields = ["name"]
    lookup_field = "name"
    ordering = "name"

    def get_queryset(self) -> QuerySet[Team]:
        """What the actor may view, with what they may do."""
        return with_words(self.actor, super().get_queryset())

    @extend_schema(operation_id="teams_create", request=forms.TeamIn, responses={201: forms.TeamOut})
    def create(self, request: Request) -> Response:
        """A new team; operators only."""
        team = services.create_team(actor=self.actor, **self.parsed(forms.TeamIn))
        return self.answer(team, status=201)

    @extend_schema(operation_id="teams_update", request=forms.TeamPatch, responses=forms.TeamOut, parameters=[IF_MATCH])
    def partial_update(self, request: Request, name: str) -> Response:
        """Change the title; owners only."""
        body = self.parsed(forms.TeamPatch)
        with self.edited() as team:
            renamed = services.rename_team(team=team, title=body["title"], actor=self.actor)
        return self.answer(renamed)

    @extend_schema(
        operation_id="teams_cordon",
        request=forms.CordonIn,
        responses=forms.TeamOut,
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    def cordon(self, request: Request, name: str) -> Response:
        """Accept nothing new of the team, with a reason; or end that. Operators only."""
        return self._held(holds.cordon_team, forms.CordonIn)

    @extend_schema(
        operation_id="teams_protect",
        request=forms.ProtectionIn,
        responses=forms.TeamOut,
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    def protect(self, request: Request, name: str) -> Response:
        """Let nothing of the team be removed; or end that, with a reason. Owners only."""
        return self._held(holds.protect_team, forms.ProtectionIn)

    def _held(self, hold: Callable[..., Team], form: type[Serializer[Any]]) -> Response:
        body = self.parsed(form)
        with self.edited(demanded=False) as team:
            hold(team=team, actor=self.actor, **body)
        return self.answer(self.get_object())

    @extend_schema(operation_id="teams_members_list", responses=forms.MemberOut(many=True), filters=False)
    def members(self, request: Request, name: str) -> Response:
        """Who is on the team, with the team's ETag."""
        return self._members(self.get_object())

    @extend_schema(
        operation_id="teams_members_set",
        request=forms.MemberIn,
        responses=forms.MemberOut(many=True),
        parameters=[IF_MATCH],
    )
    def set_member(self, request: Request, name: str, username: str) -> Response:
        """Give a person a role; owners only."""
        role = self.parsed(forms.MemberIn)["role"]
        with self.edited() as team:
            services.add_member(team=team, user=person_named(username), role=role, actor=self.actor)
        return self._members(Team.objects.get(pk=team.pk))

    @extend_schema(operation_id="teams_members_remove", responses={204: None}, parameters=[IF_MATCH])
    def remove_member(self, request: Request, name: str, username: str) -> Response:
        """Take a person's role away; owners only."""
        with self.edited() as team:
            services.remove_member(team=team, user=person_named(username), actor=self.actor)
        return Response(status=204)

    def _members(self, team: Team) -> Response:
        """Under the team's ETag: its version rises with each change of its members."""
        return Response(forms.MemberOut(members(team), many=True).data, headers={"ETag": etag(team)})


class PlatformMembersView(APIView):
    """Who has a role on the platform."""

    @extend_schema(operation_id="platform_members_list", responses=forms.PlatformMemberOut(many=True))
    def get(self, request: Request) -> Response:
        """Operators, then auditors; for themselves to see."""
        require(cast(Actor, request.user), "view", None)
        return Response(forms.PlatformMemberOut(platform_members(), many=True).data)


class PlatformMemberView(APIView):
    """One person's role on the platform."""

    @extend_schema(operation_id="platform_members_set", request=None, responses=forms.PlatformMemberOut(many=True))
    def put(self, request: Request, role: str, username: str) -> Response:
        """Give it; operators do."""
        return self._set(request, role, username, held=True)

    @extend_schema(operation_id="platform_members_remove", responses={200: forms.PlatformMemberOut(many=True)})
    def delete(self, request: Request, role: str, username: str) -> Response:
        """Take it away; operators do."""
        return self._set(request, role, username, held=False)

    def _set(self, request: Request, role: str, username: str, *, held: bool) -> Response:
        actor = cast(Actor, request.user)
        require(actor, OPERATE, None)
        services.set_platform_role(user=person_named(username), role=role, held=held, actor=actor)
        return Response(forms.PlatformMemberOut(platform_members(), many=True).data)
