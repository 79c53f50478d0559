"""Terminals in containers: `/api/v1/environments/{id}/exec/` opens one, `/api/v1/terminals/` lists and replays them.

What goes through an open one goes over its web socket, see `apps.terminals.socket`.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps import selectors, services
from apps.models import Environment, Terminal
from apps.selectors import terminals as reads
from paas.core.api import IF_MATCH_IF_IT_MATTERS, ReasonIn, ResourceViewSet, check_if_match
from paas.core.permissions import Actor, not_found
from paas.core.rows import locked


class ExecAccessOut(serializers.Serializer[Any]):
    """Whether one may open a terminal in an environment, and within which limits."""

    platform = serializers.BooleanField(help_text="Terminals are turned on for the platform.")
    allowed = serializers.BooleanField(help_text="They are turned on in this environment.")
    permitted = serializers.BooleanField(help_text="One has the permission 'exec' on it.")
    seconds = serializers.IntegerField(help_text="A terminal lasts so long at most.")
    idle_seconds = serializers.IntegerField(help_text="It ends when nothing was typed or printed for so long.")


class ExecAllowIn(ReasonIn):
    """The switch of an environment."""

    allowed = serializers.BooleanField()


class ExecIn(ReasonIn):
    """A command in a container. What is left out is chosen: the newest container that is ready."""

    command = serializers.ListField(child=serializers.CharField(trim_whitespace=False, allow_blank=True))
    tty = serializers.BooleanField(default=True, help_text="As on a terminal; else output and errors come apart.")
    process = serializers.CharField(required=False, allow_blank=True, default="", max_length=63)
    cluster = serializers.CharField(required=False, allow_blank=True, default="", max_length=63)
    pod = serializers.CharField(required=False, allow_blank=True, default="", max_length=253)


class TerminalOut(serializers.ModelSerializer[Terminal]):
    """Who opened a terminal where and why, how long it lasted and how it ended."""

    project = serializers.CharField(source="environment.application.project.name")
    application = serializers.CharField(source="environment.application.name")
    environment = serializers.CharField(source="environment.name")
    command = serializers.ListField(child=serializers.CharField())
    opened_by = serializers.CharField(source="opened_by_name")
    opened_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Terminal
        fields = [
            "id",
            "project",
            "application",
            "environment",
            "cluster",
            "pod",
            "container",
            "command",
            "tty",
            "reason",
            "opened_by",
            "opened_at",
            "attached_at",
            "ends_at",
            "ended_at",
            "ending",
            "message",
            "exit_code",
            "bytes_in",
            "bytes_out",
        ]
        read_only_fields = fields


class OpenedOut(serializers.Serializer[Any]):
    """A terminal that waits for its web socket at /api/v1/terminals/{id}/socket/, for a minute."""

    id = serializers.UUIDField(source="terminal.id")
    ticket = serializers.CharField(help_text="The first text over the web socket names it; good once.")
    cluster = serializers.CharField(source="terminal.cluster")
    pod = serializers.CharField(source="terminal.pod")
    container = serializers.CharField(source="terminal.container")


class ExecView(APIView):
    """Terminals in the containers of one environment."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="environments_exec_access", responses=ExecAccessOut)
    def get(self, request: Request, id: UUID) -> Response:
        """Whether one may, and the limits."""
        return Response(ExecAccessOut(reads.exec_access(_actor(request), _environment(request, id))).data)

    @extend_schema(operation_id="environments_exec", request=ExecIn, responses={201: OpenedOut})
    def post(self, request: Request, id: UUID) -> Response:
        """Open a recorded terminal. It starts when its web socket shows the ticket."""
        form = ExecIn(data=request.data)
        form.is_valid(raise_exception=True)
        environment = _environment(request, id)
        opened = services.open_terminal(environment=environment, actor=_actor(request), **form.validated_data)
        return Response(OpenedOut(opened).data, status=201)

    @extend_schema(
        operation_id="environments_exec_allow",
        request=ExecAllowIn,
        responses=ExecAccessOut,
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    def put(self, request: Request, id: UUID) -> Response:
        """Turn terminals on or off; off ends those that are open."""
        form = ExecAllowIn(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        with transaction.atomic():
            environment = locked(_environment(request, id))
            if "If-Match" in request.headers:
                check_if_match(request, environment)
            environment = services.allow_exec(
                environment=environment, actor=_actor(request), allowed=said["allowed"], reason=said["reason"]
            )
        return Response(ExecAccessOut(reads.exec_access(_actor(request), environment)).data)


class TerminalFilter(filters.FilterSet):
    """`?environment=` (its id) `&application=&project=&cluster=&opened_by=`: names, exact."""

    environment = filters.UUIDFilter(field_name="environment")
    application = filters.CharFilter(field_name="environment__application__name")
    project = filters.CharFilter(field_name="environment__application__project__name")
    opened_by = filters.CharFilter(field_name="opened_by_name")

    class Meta:
        model = Terminal
        fields = ["cluster"]


@extend_schema_view(
    list=extend_schema(operation_id="terminals_list"), retrieve=extend_schema(operation_id="terminals_retrieve")
)
class TerminalViewSet(ResourceViewSet[Terminal]):
    """Terminals of one's teams, open and ended, newest first; operators see all."""

    queryset = Terminal.objects.all()
    serializer_class = TerminalOut
    filterset_class = TerminalFilter
    ordering = "-created_at"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-0-9a-f]{36}"

    def get_queryset(self) -> QuerySet[Terminal]:
        """What the actor may view."""
        return reads.terminals_of(self.actor)

    @extend_schema(
        operation_id="terminals_recording",
        responses={(200, "application/x-asciicast"): OpenApiTypes.STR},
        filters=False,
    )
    @action(detail=True, filter_backends=[])
    def recording(self, request: Request, id: str) -> HttpResponse:
        """What was shown, as an asciicast of version 2: a line of JSON for each event. For owners and operators."""
        text = "".join(reads.recording(self.actor, self.get_object()))
        return HttpResponse(text, content_type="application/x-asciicast")


def _actor(request: Request) -> Actor:
    return cast(Actor, request.user)


def _environment(request: Request, pk: UUID) -> Environment:
    found = selectors.environments_of(_actor(request)).filter(pk=pk).first()
    if found is None:
        raise not_found(Environment)
    return found
