"""`/api/v1/environments/`: where applications run, their secrets and their logs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters  # type: ignore[import-untyped]  # it has no stubs
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps import logs, selectors, services
from apps.api import config_serializers as config_forms
from apps.api import examples
from apps.api import serializers as forms
from apps.api.streams import STREAMS
from apps.models import Environment
from apps.selectors import effective
from paas.core.api import IF_MATCH_IF_IT_MATTERS, ResourceViewSet
from paas.core.errors import Invalid
from paas.core.permissions import not_found

VERSION = OpenApiParameter("version", int, description="This version only; all of them if left out.")
REASON = OpenApiParameter("reason", str, description="For the audit trail.")
WITH = OpenApiParameter("with", str, required=True, description="The id of the other environment.")
SECRET = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The name of the secret.")
SCHEDULE = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The name of the schedule.")
LOGS = [
    OpenApiParameter("follow", bool, description="Go on with what is written from now on."),
    OpenApiParameter("process", str, description="Only this process."),
    OpenApiParameter("cluster", str, description="Only this cluster."),
    OpenApiParameter("tail", int, description="So many of the last lines of each process; 100 if left out."),
    OpenApiParameter("since", str, description="Only what was written from this time on, RFC 3339."),
    OpenApiParameter("previous", bool, description="Of the containers before their last restart."),
]


class EnvironmentFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter carries no types
    """`?name=&application=&project=&team=&cluster=&health=`, exact."""

    application = filters.CharFilter(field_name="application__name")
    project = filters.CharFilter(field_name="application__project__name")
    team = filters.CharFilter(field_name="application__project__team__name")
    # At most one placement of an environment is on a cluster: no row comes twice.
    cluster = filters.CharFilter(field_name="placements__cluster__name")
    health = filters.CharFilter(field_name="status__health")

    class Meta:
        model = Environment
        fields = ["name"]


@extend_schema_view(
    list=extend_schema(operation_id="environments_list"),
    retrieve=extend_schema(operation_id="environments_retrieve"),
)
class EnvironmentViewSet(ResourceViewSet[Environment]):
    """Environments of one's teams; operators see all. Made by a deploy, or ahead of the first one."""

    queryset = Environment.objects.all()
    serializer_class = forms.EnvironmentOut
    filterset_class = EnvironmentFilter
    ordering = "created_at"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-0-9a-f]{36}"

    def get_queryset(self) -> QuerySet[Environment]:
        """What the actor may view."""
        return selectors.environments_of(self.actor)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With its ETag, which is of what is desired: the status changes under it, so there is no 304."""
        return self.answer(self.get_object())

    @extend_schema(
        operation_id="environments_create",
        request=forms.EnvironmentIn,
        responses={201: forms.EnvironmentOut},
        examples=examples.ENVIRONMENT,
    )
    def create(self, request: Request) -> Response:
        """An environment ahead of its first deploy, so that secrets can be stored."""
        body = self.parsed(forms.EnvironmentIn)
        project = selectors.project_by_name(self.actor, body["project"])
        made = services.create_environment(
            project=project, application=body["application"], name=body["name"], actor=self.actor
        )
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)

    @extend_schema(
        operation_id="environments_retire",
        request=forms.RetireIn,
        responses={202: forms.EnvironmentOut},
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, id: str) -> Response:  # noqa: A002 - the name in the address
        """Remove it and its data from every cluster; its name confirms."""
        body = self.parsed(forms.RetireIn)
        with self.edited(demanded=False) as environment:
            services.retire_environment(
                environment=environment, actor=self.actor, confirm=body["confirm"], reason=body["reason"]
            )
        return self.answer(self.get_queryset().get(pk=environment.pk), status=202)

    @extend_schema(
        operation_id="environments_rerender",
        request=forms.ReasonIn,
        responses=forms.NotesOut,
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    @action(detail=True, methods=["post"])
    def rerender(self, request: Request, id: str) -> Response:  # noqa: A002
        """Render its release anew from the present facts of its clusters; ends RenderStale."""
        body = self.parsed(forms.ReasonIn)
        with self.edited(demanded=False) as environment:
            notes = services.rerender(environment=environment, actor=self.actor, reason=body["reason"])
        return Response({"notes": notes})

    @extend_schema(
        operation_id="environments_schedules_run",
        request=forms.RunIn,
        responses={202: forms.RunOut},
        parameters=[SCHEDULE],
    )
    def run_schedule(self, request: Request, id: str, name: str) -> Response:  # noqa: A002
        """Run a schedule once, now, on every cluster or on the one named. How it goes is in the status, as a Work."""
        environment, body = self.get_object(), self.parsed(forms.RunIn)
        run = services.run_schedule(
            environment=environment,
            schedule=name,
            actor=self.actor,
            cluster=body["cluster"] or None,
            reason=body["reason"],
        )
        return Response(forms.RunOut(run).data, status=202)

    @extend_schema(operation_id="environments_config", responses=config_forms.EffectiveOut(many=True), filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def config(self, request: Request, id: str) -> Response:  # noqa: A002
        """What the layers of configuration come to on each cluster, which of them set it, and what is released."""
        return Response(effective.explained(self.get_object()))

    @extend_schema(
        operation_id="environments_config_compare", responses=config_forms.ComparedOut, parameters=[WITH], filters=False
    )
    @action(detail=True, url_path="config/compare", filter_backends=[], pagination_class=None)
    def compare_config(self, request: Request, id: str) -> Response:  # noqa: A002
        """The values of two environments beside each other."""
        here = self.get_object()
        try:
            there = self.get_queryset().filter(pk=UUID(request.query_params.get("with", ""))).first()
        except ValueError:
            there = None
        if there is None:
            raise not_found(Environment)
        return Response(effective.compared(here, there))

    @extend_schema(operation_id="environments_secrets", responses=forms.SecretOut(many=True), filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def secrets(self, request: Request, id: str) -> Response:  # noqa: A002
        """Names, keys and versions in force; never a value."""
        return Response(forms.SecretOut(selectors.latest_secrets(self.get_object()), many=True).data)

    @extend_schema(
        operation_id="environments_secrets_set",
        request=forms.SecretIn,
        responses=forms.SecretOut,
        parameters=[SECRET],
        examples=examples.SECRET,
    )
    def set_secret(self, request: Request, id: str, name: str) -> Response:  # noqa: A002
        """Store a new version of a secret; the next deploy uses it."""
        environment = self.get_object()
        body = self.parsed(forms.SecretIn)
        row = services.set_secret(environment=environment, name=name, values=body["values"], actor=self.actor)
        return Response(forms.SecretOut(row).data)

    @extend_schema(
        operation_id="environments_secrets_revoke",
        responses={200: forms.RevokedOut},
        parameters=[SECRET, VERSION, REASON],
    )
    def revoke_secret(self, request: Request, id: str, name: str) -> Response:  # noqa: A002
        """Forget the values of a secret, in one version or in all."""
        version = _whole(request, "version")
        reason = request.query_params.get("reason", "")[:2000]
        numbers = services.revoke_secret(
            environment=self.get_object(), name=name, version=version, actor=self.actor, reason=reason
        )
        return Response({"name": name, "versions": numbers})

    @extend_schema(
        operation_id="environments_logs", parameters=LOGS, responses={(200, "text/event-stream"): OpenApiTypes.STR}
    )
    @action(detail=True, renderer_classes=STREAMS, filter_backends=[])
    def logs(self, request: Request, id: str) -> StreamingHttpResponse:  # noqa: A002
        """What its processes write, as server-sent events {"cluster", "pod", "process", "at", "line"}."""
        return logs.stream(
            actor=self.actor,
            environment=self.get_object(),
            follow=request.query_params.get("follow", "").lower() in ("1", "true", "yes"),
            process=request.query_params.get("process", ""),
            cluster=request.query_params.get("cluster", ""),
            tail=_whole(request, "tail"),
            since=request.query_params.get("since", ""),
            previous=request.query_params.get("previous", "").lower() in ("1", "true", "yes"),
        )


def _whole(request: Request, name: str) -> int | None:
    said = request.query_params.get(name, "")
    if not said:
        return None
    if not said.isdecimal() or len(said) > 6:  # noqa: PLR2004 - a million versions or lines
        raise Invalid("invalid", f"{name}: a whole number below a million, not '{said[:40]}'.")
    return int(said)
