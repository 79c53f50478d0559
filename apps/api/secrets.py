"""`/api/v1/environments/{id}/secrets/`: stored and revoked in versions, never read back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps import selectors, services
from apps.api import examples
from apps.api.dry_runs import DRY_RUN, DryRunOut, or_dry_run
from apps.api.idempotency import IDEMPOTENCY_KEY, once
from apps.models import Environment, SecretVersion
from apps.selectors import Secret
from paas.core.api import ResourceViewSet, check_if_match, etag, flag, only_fields, whole_number
from paas.core.permissions import not_found

NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The name of the secret.")
VERSION = OpenApiParameter("version", int, description="This version only; all of them if left out.")
RELEASE = OpenApiParameter(
    "release",
    bool,
    default=True,
    description="false: make no release where a version is in use; what runs goes on until it is deployed again.",
)
FORCE = OpenApiParameter("force", bool, description="true: also where a version is in use and has no successor.")
REASON = OpenApiParameter("reason", str, description="For the audit trail.")
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the secret as it was read; needed where there is one, unless it is a dry run.",
)
MOST_DAYS = 36_500


class SecretVersionOut(serializers.ModelSerializer[SecretVersion]):
    """A version; one that is revoked has no value any longer."""

    keys = serializers.ListField(child=serializers.CharField())
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)

    class Meta:
        model = SecretVersion
        fields = ["version", "keys", "created_at", "created_by", "max_age_days", "revoked_at"]
        read_only_fields = fields


class SecretOut(serializers.Serializer[Secret]):
    """A secret by its latest version, in force or else the last that was; never a value."""

    name = serializers.CharField()
    version = serializers.IntegerField(source="latest.version")
    in_force = serializers.SerializerMethodField(help_text="False where all versions are revoked.")
    keys = serializers.ListField(source="latest.keys", child=serializers.CharField())
    store = serializers.CharField(allow_null=True, help_text="The store outside that keeps the values; null: here.")
    remote = serializers.DictField(
        child=serializers.CharField(), help_text="Of values in a store: where each is, as KEY or KEY#PART."
    )
    created_at = serializers.DateTimeField(source="latest.created_at")
    created_by = serializers.CharField(source="latest.created_by.username", default=None, allow_null=True)
    age_seconds = serializers.SerializerMethodField(help_text="Of this version.")
    max_age_days = serializers.IntegerField(source="latest.max_age_days", allow_null=True)
    overdue = serializers.BooleanField(help_text="Whether it is older than max_age_days.")
    released = serializers.IntegerField(allow_null=True, help_text="The version that the current release uses.")

    def get_in_force(self, secret: Secret) -> bool:
        """Whether a deploy could take it."""
        return secret.current is not None

    def get_age_seconds(self, secret: Secret) -> int:
        """Since it was stored."""
        return int(secret.age.total_seconds())


class SecretDetailOut(SecretOut):
    """The same with all its versions, newest first."""

    versions = SecretVersionOut(many=True)


class SecretIn(serializers.Serializer[Any]):
    """A new version: its values, written and never read, or where in a store outside they are."""

    values = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        write_only=True,
        allow_empty=False,
        required=False,
    )
    store = serializers.CharField(
        required=False, default="", max_length=253, help_text="A secret store that the clusters offer."
    )
    remote = serializers.DictField(
        child=serializers.CharField(max_length=3000),
        required=False,
        help_text="Where in the store the value of each key is, as KEY or KEY#PART.",
    )
    max_age_days = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_DAYS,
        help_text="From this age on it is overdue; 0 is never. As the version before if left out.",
    )


class UseOut(serializers.Serializer[Any]):
    """Where a revoked version was in use."""

    environment = serializers.CharField()
    release = serializers.IntegerField(source="release.number")
    version = serializers.IntegerField()
    clusters = serializers.ListField(child=serializers.CharField())


class RevokedOut(serializers.Serializer[Any]):
    """What was revoked, what used it, and the number of the release that was made with its successor."""

    name = serializers.CharField()
    versions = serializers.ListField(child=serializers.IntegerField())
    used = UseOut(many=True)
    release = serializers.IntegerField(source="release.number", default=None, allow_null=True)
    notes = serializers.ListField(child=serializers.CharField())


class SecretViewSet(ResourceViewSet[Environment]):
    """Secrets of an environment that one may view; written by who may deploy there."""

    queryset = Environment.objects.all()
    serializer_class: Any = SecretDetailOut
    filter_backends = []
    pagination_class = None
    lookup_url_kwarg = "id"

    def get_queryset(self) -> QuerySet[Environment]:
        """The environments that the actor may view."""
        return selectors.environments_of(self.actor)

    @extend_schema(operation_id="environments_secrets", responses=SecretOut(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Names, keys, versions and their age; never a value."""
        return Response(self._shown(SecretOut, selectors.secrets_of(self.get_object()), many=True))

    @extend_schema(operation_id="environments_secrets_retrieve", parameters=[NAME])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One secret with its versions, and its ETag."""
        found = selectors.secrets_of(self.get_object(), self.kwargs["name"])
        if not found:
            raise not_found(SecretVersion)
        [secret] = found
        return Response(self._shown(SecretDetailOut, secret), headers={"ETag": etag(secret)})

    @extend_schema(
        operation_id="environments_secrets_set",
        request=SecretIn,
        responses=SecretDetailOut,
        parameters=[NAME, IF_MATCH],
        examples=examples.SECRET,
    )
    def set_secret(self, request: Request, name: str, **_: Any) -> Response:
        """Store a new version of a secret; the next deploy uses it."""
        environment, body = self.get_object(), self.parsed(SecretIn)
        services.set_secret(environment=environment, name=name, actor=self.actor, check=self._check, **body)
        [secret] = selectors.secrets_of(environment, name)
        return Response(SecretDetailOut(secret).data, headers={"ETag": etag(secret)})

    @extend_schema(
        operation_id="environments_secrets_revoke",
        responses={200: or_dry_run(RevokedOut)},
        parameters=[NAME, VERSION, RELEASE, FORCE, REASON, DRY_RUN, IF_MATCH, IDEMPOTENCY_KEY],
    )
    def revoke_secret(self, request: Request, name: str, **_: Any) -> Response:
        """Forget the values of a secret, in one version or in all; what uses one is released with its successor."""
        environment = self.get_object()
        order: dict[str, Any] = {
            "environment": environment,
            "name": name,
            "version": whole_number(request, "version"),
            "release": flag(request, "release", default=True),
            "force": flag(request, "force"),
            "actor": self.actor,
            "reason": request.query_params.get("reason", "")[:2000],
        }
        if flag(request, "dryRun"):
            return Response(DryRunOut(services.dry_run_revocation(**order)).data)
        return once(request, lambda: Response(RevokedOut(services.revoke_secret(**order, check=self._check)).data))

    def _check(self, secret: Secret | None) -> None:
        """It is as it was read."""
        if secret is not None:
            check_if_match(self.request, secret)

    def _shown(self, form: type[SecretOut], found: Any, *, many: bool = False) -> Any:
        return only_fields(self.request, form(found, many=many)).data
