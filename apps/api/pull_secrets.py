"""`/api/v1/teams/NAME/pull-secrets/`: a team's credentials for registries, written and never read back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps import services
from apps.selectors.pull_secrets import PullSecret, pull_secrets_of
from paas.core.api import ResourceViewSet, check_if_match, etag
from paas.identity.models import Team

NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The name of the team.")
REGISTRY = OpenApiParameter(
    "registry", str, OpenApiParameter.PATH, description="The registry's host, with the port where it has one."
)
CONFIRM = OpenApiParameter("confirm", str, required=True, description="The registry once more, typed out.")
REASON = OpenApiParameter("reason", str, description="For the audit trail.")
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the credential as it was read, where there is one.",
)


class PullSecretOut(serializers.Serializer[Any]):
    """A credential by its latest version, in force or revoked; never the password."""

    registry = serializers.CharField(source="name")
    username = serializers.CharField(source="latest.username")
    version = serializers.IntegerField(source="latest.version")
    in_force = serializers.SerializerMethodField(help_text="False where it is revoked.")
    created_at = serializers.DateTimeField(source="latest.created_at")
    created_by = serializers.CharField(source="latest.created_by.username", default=None, allow_null=True)
    age_seconds = serializers.SerializerMethodField(help_text="Of this version.")

    def get_in_force(self, found: PullSecret) -> bool:
        """Whether pods pull with it."""
        return found.current is not None

    def get_age_seconds(self, found: PullSecret) -> int:
        """Since it was stored."""
        return int(found.age.total_seconds())


class PullSecretIn(serializers.Serializer[Any]):
    """Who pulls, and by which password or token."""

    username = serializers.CharField(max_length=253)
    password = serializers.CharField(write_only=True, trim_whitespace=False)


class PullSecretViewSet(ResourceViewSet[Team]):
    """Credentials of a team that one may view; stored and revoked by its owners."""

    queryset = Team.objects.all()
    serializer_class: Any = PullSecretOut
    filter_backends = []
    pagination_class = None
    lookup_field = "name"

    @extend_schema(operation_id="teams_pull_secrets", parameters=[NAME], responses=PullSecretOut(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Registries, usernames, versions and their age; never a password."""
        return Response(PullSecretOut(pull_secrets_of(self.get_object()), many=True).data)

    @extend_schema(
        operation_id="teams_pull_secrets_set",
        parameters=[NAME, REGISTRY, IF_MATCH],
        request=PullSecretIn,
        responses=PullSecretOut,
    )
    def set_pull_secret(self, request: Request, registry: str, **_: Any) -> Response:
        """Store a credential, or replace it; all the team's namespaces have it within half a minute."""
        team, body = self.get_object(), self.parsed(PullSecretIn)
        services.set_pull_secret(team=team, registry=registry, actor=self.actor, check=self._check, **body)
        return self._answer(team, registry)

    @extend_schema(
        operation_id="teams_pull_secrets_revoke",
        parameters=[NAME, REGISTRY, CONFIRM, REASON, IF_MATCH],
        responses={200: PullSecretOut},
    )
    def revoke_pull_secret(self, request: Request, registry: str, **_: Any) -> Response:
        """Forget it, and take it from all the team's namespaces; the registry's name confirms."""
        team, said = self.get_object(), request.query_params
        services.revoke_pull_secret(
            team=team,
            registry=registry,
            confirm=said.get("confirm", ""),
            reason=said.get("reason", "")[:2000],
            actor=self.actor,
            check=self._check,
        )
        return self._answer(team, registry)

    def _answer(self, team: Team, registry: str) -> Response:
        [found] = pull_secrets_of(team, registry)
        return Response(PullSecretOut(found).data, headers={"ETag": etag(found)})

    def _check(self, found: PullSecret | None) -> None:
        """It is as it was read, where that matters to who asks."""
        if found is not None and "If-Match" in self.request.headers:
            check_if_match(self.request, found)
