"""`/api/v1/applications/`: what runs, how it is, what was released; rollback and retirement."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps import selectors, services
from apps.api import examples
from apps.api import serializers as forms
from apps.api.dry_runs import DRY_RUN, DryRunOut
from apps.api.idempotency import IDEMPOTENCY_KEY, once
from apps.delivery import HOME_CHANNEL, channel
from apps.live import application_snapshot, still_viewed
from apps.models import Application, Environment, Release
from paas.core.api import IF_MATCH_IF_IT_MATTERS, WATCH, ResourceViewSet, flag, only_fields
from paas.core.permissions import not_found
from paas.core.schema import FIELDS
from paas.core.sse import stream
from paas.core.streams import STREAMS, WATCHED, watched
from paas.identity.granting import TEAMS_CHANNEL


class ApplicationFilter(filters.FilterSet):
    """`?name=&project=&team=&cluster=&health=`, exact; retired ones only with `?retired=true`."""

    cluster = filters.CharFilter(method="by_environment", label="With an environment on this cluster.")
    health = filters.CharFilter(method="by_environment", label="With an environment of this health.")
    project = filters.CharFilter(field_name="project__name")
    team = filters.CharFilter(field_name="project__team__name")
    retired = filters.BooleanFilter(method="by_retired", label="Retired ones, and only those; they are left out else.")

    class Meta:
        model = Application
        fields = ["name"]

    def filter_queryset(self, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """Living ones, unless something else is said."""
        found: QuerySet[Application] = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("retired") is not None else found.filter(retired_at=None)

    def by_environment(self, queryset: QuerySet[Application], name: str, value: str) -> QuerySet[Application]:
        """Those with a living environment that has it."""
        column = {"cluster": "placements__cluster__name", "health": "status__health"}[name]
        fitting = Environment.objects.filter(retired_at=None, **{column: value})
        return queryset.filter(pk__in=fitting.values("application"))

    def by_retired(self, queryset: QuerySet[Application], name: str, value: bool) -> QuerySet[Application]:
        """Retired, or not."""
        return queryset.filter(retired_at__isnull=not value)


@extend_schema_view(
    list=extend_schema(
        operation_id="applications_list",
        parameters=[WATCH],
        responses=watched(forms.ApplicationOut),
        examples=[WATCHED],
    ),
    retrieve=extend_schema(operation_id="applications_retrieve", responses=forms.ApplicationDetailOut),
)
class ApplicationViewSet(ResourceViewSet[Application]):
    """Applications of one's teams; operators see all. Declared by PUT below their project."""

    queryset = Application.objects.all()
    filterset_class = ApplicationFilter
    watch_channels = (HOME_CHANNEL, TEAMS_CHANNEL)
    ordering = "name"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-0-9a-f]{36}"

    def get_queryset(self) -> QuerySet[Application]:
        """What the actor may view; the app file is read for one application only."""
        if self.action == "list":
            return selectors.application_lines_of(self.actor)
        found = selectors.applications_of(self.actor)
        if self.action in ("status", "status_stream", "releases"):
            return found.prefetch_related(None).defer("app_file")
        return found

    def get_serializer_class(self) -> Any:
        """The app file comes with one application only."""
        return forms.ApplicationOut if self.action == "list" else forms.ApplicationDetailOut

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With its ETag, which is of the app file: the status changes under it, so there is no 304."""
        return self.answer(self.get_object())

    @extend_schema(operation_id="applications_status", responses=forms.StatusOut)
    @action(detail=True)
    def status(self, request: Request, id: str) -> Response:
        """How it is in each environment, on each cluster, down to the objects."""
        return Response(selectors.status(self.get_object()))

    @extend_schema(operation_id="applications_status_stream", responses={(200, "text/event-stream"): OpenApiTypes.STR})
    @action(detail=True, url_path="status/stream", renderer_classes=STREAMS)
    def status_stream(self, request: Request, id: str) -> StreamingHttpResponse:
        """The same as server-sent events: `state` on connect and whenever it differs."""
        application = self.get_object()
        still = still_viewed(self.actor, Application, application.pk)
        return stream(application_snapshot(self.actor, application.pk), channel(application.pk), still=still)

    @extend_schema(
        operation_id="applications_releases", responses=forms.ReleaseOut(many=True), filters=False, parameters=[FIELDS]
    )
    @action(detail=True, ordering="-created_at", filter_backends=[])
    def releases(self, request: Request, id: str) -> Response:
        """Its releases in all environments, newest first."""
        found = selectors.releases_of(self.actor).filter(environment__application=self.get_object())
        # A page of releases, not of applications.
        page: Any = self.paginate_queryset(cast(Any, found))
        return self.get_paginated_response(only_fields(request, forms.ReleaseOut(page, many=True)).data)

    @extend_schema(
        operation_id="applications_rollback",
        request=forms.RollbackIn,
        responses={201: forms.RollbackOut, 200: DryRunOut},
        parameters=[DRY_RUN, IF_MATCH_IF_IT_MATTERS, IDEMPOTENCY_KEY],
        examples=examples.ROLLBACK,
    )
    @action(detail=True, methods=["post"])
    def rollback(self, request: Request, id: str) -> Response:
        """Return an environment to an earlier release: image, config and secret versions as they were. 200 with
        `dryRun`, which does nothing.
        """
        body = self.parsed(forms.RollbackIn)
        dry = flag(request, "dryRun")

        def act() -> Response:
            with self.edited(demanded=False) as application:
                return self._rollback(application, body, dry=dry)

        return act() if dry else once(request, act)

    def _rollback(self, application: Application, body: dict[str, Any], *, dry: bool) -> Response:
        environment = application.environments.filter(name=body["environment"], retired_at=None).first()
        if environment is None:
            raise not_found(Environment)
        environment.application = application
        rows = Release.objects.filter(environment=environment)
        chosen = selectors.release_named(rows, environment, body["release"]) if body["release"] else None
        order: dict[str, Any] = {
            "environment": environment,
            "release": chosen,
            "actor": self.actor,
            "reason": body["reason"],
        }
        if dry:
            return Response(DryRunOut(services.dry_run_rollback(**order)).data)
        made = services.rollback(**order)
        row = selectors.releases_of(self.actor).get(pk=made.release.pk)
        return Response(forms.RollbackOut(row, context={"notes": made.notes}).data, status=201)

    @extend_schema(
        operation_id="applications_retire",
        request=forms.RetireIn,
        responses={202: forms.ApplicationDetailOut},
        parameters=[IF_MATCH_IF_IT_MATTERS],
        examples=examples.RETIRE,
    )
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, id: str) -> Response:
        """Remove it and its data from every cluster; its name confirms."""
        body = self.parsed(forms.RetireIn)
        with self.edited(demanded=False) as application:
            services.retire(application=application, actor=self.actor, confirm=body["confirm"], reason=body["reason"])
        return self.answer(self.get_queryset().get(pk=application.pk), status=202)
