"""`/api/v1/environments/`: where applications run, and their logs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps import logs, selectors, services
from apps.api import config_serializers as config_forms
from apps.api import examples
from apps.api import scaling as scaling_forms
from apps.api import serializers as forms
from apps.api.dry_runs import DRY_RUN, DryRunOut
from apps.api.idempotency import IDEMPOTENCY_KEY, once
from apps.api.topology import TopologyOut, topology_of
from apps.delivery import HOME_CHANNEL
from apps.models import Environment
from apps.selectors import effective
from paas.core.api import IF_MATCH_IF_IT_MATTERS, WATCH, ReasonIn, ResourceViewSet, etag, flag, whole_number
from paas.core.permissions import not_found
from paas.core.streams import STREAMS, WATCHED, watched
from paas.identity.api.serializers import ProtectionIn
from paas.identity.granting import TEAMS_CHANNEL

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag of the environment; needed but for a dry run."
)
WITH = OpenApiParameter("with", str, required=True, description="The id of the other environment.")
SCHEDULE = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The name of the schedule.")
LOGS = [
    OpenApiParameter("follow", bool, description="Go on with what is written from now on."),
    OpenApiParameter("process", str, description="Only this process."),
    OpenApiParameter(
        "container", str, description="This container, beside or before a process, in place of the process itself."
    ),
    OpenApiParameter("cluster", str, description="Only this cluster."),
    OpenApiParameter("release", str, description="Only pods of this release, by its number: `8` or `r8`."),
    OpenApiParameter("tail", int, description="So many of the last lines of each process; 100 if left out."),
    OpenApiParameter("since", str, description="Only what was written from this time on, RFC 3339."),
    OpenApiParameter("previous", bool, description="Of the containers before their last restart."),
]


class EnvironmentFilter(filters.FilterSet):
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
    list=extend_schema(
        operation_id="environments_list",
        parameters=[WATCH],
        responses=watched(forms.EnvironmentOut),
        examples=[WATCHED],
    ),
    retrieve=extend_schema(operation_id="environments_retrieve"),
)
class EnvironmentViewSet(ResourceViewSet[Environment]):
    """Environments of one's teams; operators see all. Made by a deploy, or ahead of the first one."""

    queryset = Environment.objects.all()
    serializer_class = forms.EnvironmentOut
    filterset_class = EnvironmentFilter
    watch_channels = (HOME_CHANNEL, TEAMS_CHANNEL)
    ordering = "created_at"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-0-9a-f]{36}"

    def get_queryset(self) -> QuerySet[Environment]:
        """What the actor may view."""
        if self.action == "topology":
            return selectors.whole_environments_of(self.actor)
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
        operation_id="environments_update",
        request=scaling_forms.EnvironmentPatch,
        responses=PolymorphicProxySerializer(
            "PlacedOrDryRun", [scaling_forms.PlacedOut, DryRunOut], resource_type_field_name=None
        ),
        parameters=[IF_MATCH, DRY_RUN, IDEMPOTENCY_KEY],
    )
    def partial_update(self, request: Request, id: str) -> Response:
        """Place it elsewhere, or spread its replicas otherwise: the same release. The same placement again follows
        its selector to where that leads now.
        """
        body = self.parsed(scaling_forms.EnvironmentPatch)
        given: dict[str, Any] = {"placement": body["placement"], "actor": self.actor, "reason": body["reason"]}
        if flag(request, "dryRun"):
            found = services.dry_run_placement(environment=self.get_object(), **given)
            return Response(DryRunOut(found).data)

        def act() -> Response:
            with self.edited() as environment:
                made = services.set_placement(environment=environment, **given)
            row = self.get_queryset().get(pk=environment.pk)
            answer = scaling_forms.PlacedOut(row, context={**self.get_serializer_context(), "notes": made.notes})
            return Response(answer.data, headers={"ETag": etag(row)})

        return once(request, act)

    @extend_schema(operation_id="environments_placement", responses=scaling_forms.PlacementOut, filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def placement(self, request: Request, id: str) -> Response:
        """Where it is and by which rule, and how many replicas of each process are desired where."""
        return Response(scaling_forms.PlacementOut(selectors.placement(self.get_object())).data)

    @extend_schema(operation_id="environments_scaling", responses=scaling_forms.ScalingOut, filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def scaling(self, request: Request, id: str) -> Response:
        """How it is scaled: bounds and windows, and what its scalers said when they were looked at last."""
        return Response(scaling_forms.ScalingOut(selectors.scaling(self.get_object())).data)

    @extend_schema(
        operation_id="environments_retire",
        request=forms.RetireIn,
        responses={202: forms.EnvironmentOut},
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, id: str) -> Response:
        """Remove it and its data from every cluster; its name confirms."""
        body = self.parsed(forms.RetireIn)
        with self.edited(demanded=False) as environment:
            services.retire_environment(
                environment=environment, actor=self.actor, confirm=body["confirm"], reason=body["reason"]
            )
        return self.answer(self.get_queryset().get(pk=environment.pk), status=202)

    @extend_schema(
        operation_id="environments_protect",
        request=ProtectionIn,
        responses=forms.EnvironmentOut,
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    def protect(self, request: Request, id: str) -> Response:
        """Protect it, so that a second person approves what is new there; or end that, with a reason. Owners only."""
        body = self.parsed(ProtectionIn)
        with self.edited(demanded=False) as environment:
            services.protect_environment(environment=environment, actor=self.actor, **body)
        return self.answer(self.get_queryset().get(pk=environment.pk))

    @extend_schema(
        operation_id="environments_rerender",
        request=ReasonIn,
        responses=forms.NotesOut,
        parameters=[IF_MATCH_IF_IT_MATTERS, IDEMPOTENCY_KEY],
    )
    @action(detail=True, methods=["post"])
    def rerender(self, request: Request, id: str) -> Response:
        """Render its release anew from the present facts of its clusters; ends RenderStale."""
        body = self.parsed(ReasonIn)

        def act() -> Response:
            with self.edited(demanded=False) as environment:
                notes = services.rerender(environment=environment, actor=self.actor, reason=body["reason"])
            return Response({"notes": notes})

        return once(request, act)

    @extend_schema(operation_id="environments_schedules_list", responses=forms.ScheduleOut(many=True), filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def schedules(self, request: Request, id: str) -> Response:
        """Its schedules on each cluster, and their runs, by the clock and by hand, as far as clusters have them."""
        return Response(forms.ScheduleOut(selectors.schedules(self.get_object()), many=True).data)

    @extend_schema(
        operation_id="environments_schedules_run",
        request=forms.RunIn,
        responses={202: forms.RunOut},
        parameters=[SCHEDULE, IF_MATCH_IF_IT_MATTERS, IDEMPOTENCY_KEY],
    )
    def run_schedule(self, request: Request, id: str, name: str) -> Response:
        """Run a schedule once, now, on every cluster or on the one named. How it goes is in the status, as a Work."""
        body = self.parsed(forms.RunIn)

        def act() -> Response:
            with self.edited(demanded=False) as environment:
                run = services.run_schedule(
                    environment=environment,
                    schedule=name,
                    actor=self.actor,
                    cluster=body["cluster"] or None,
                    reason=body["reason"],
                )
            return Response(forms.RunOut(run).data, status=202)

        return once(request, act)

    @extend_schema(operation_id="environments_config", responses=config_forms.EffectiveOut(many=True), filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def config(self, request: Request, id: str) -> Response:
        """What the layers of configuration come to on each cluster, which of them set it, and what is released."""
        return Response(effective.explained(self.get_object()))

    @extend_schema(
        operation_id="environments_config_compare", responses=config_forms.ComparedOut, parameters=[WITH], filters=False
    )
    @action(detail=True, url_path="config/compare", filter_backends=[], pagination_class=None)
    def compare_config(self, request: Request, id: str) -> Response:
        """The values of two environments beside each other."""
        here = self.get_object()
        try:
            there = self.get_queryset().filter(pk=UUID(request.query_params.get("with", ""))).first()
        except ValueError:
            there = None
        if there is None:
            raise not_found(Environment)
        return Response(effective.compared(here, there))

    @extend_schema(operation_id="environments_topology", responses=TopologyOut(many=True), filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def topology(self, request: Request, id: str) -> Response:
        """What it is made of on each cluster: objects, what they lead to, and the pods that were last seen."""
        return Response(TopologyOut(topology_of(self.get_object()), many=True).data)

    @extend_schema(
        operation_id="environments_logs", parameters=LOGS, responses={(200, "text/event-stream"): OpenApiTypes.STR}
    )
    @action(detail=True, renderer_classes=STREAMS, filter_backends=[])
    def logs(self, request: Request, id: str) -> StreamingHttpResponse:
        """What its processes write, as server-sent events {"cluster", "pod", "process", "release", "at", "line"}."""
        return logs.stream(
            actor=self.actor,
            environment=self.get_object(),
            follow=request.query_params.get("follow", "").lower() in ("1", "true", "yes"),
            process=request.query_params.get("process", ""),
            container=request.query_params.get("container", ""),
            cluster=request.query_params.get("cluster", ""),
            release=request.query_params.get("release", ""),
            tail=whole_number(request, "tail"),
            since=request.query_params.get("since", ""),
            previous=request.query_params.get("previous", "").lower() in ("1", "true", "yes"),
        )
