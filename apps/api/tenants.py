"""`/api/v1/tenant-policy/`, `/api/v1/teams/NAME/clusters/` and `…/exceptions/`: what teams get in their namespaces."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps import services
from apps.models import TenantException
from apps.models.tenant import layer_name
from apps.selectors.consumers import consumers
from apps.selectors.tenants import Usage, exceptions_of, tenant_policy, tenants, usage
from apps.services.exceptions import MOST_DAYS
from apps.services.tenants import Held, hold
from apps.tenants import FIGURES
from clusters.models import Cluster
from paas.core.api import IF_MATCH, IF_MATCH_IF_IT_MATTERS, ReasonIn, check_if_match, etag
from paas.core.permissions import Actor, not_found, visible
from paas.core.rows import locked
from paas.identity.models import Team

TEAM = OpenApiParameter("team", str, description="The layer of this team; left out, of all teams.")
CLUSTER = OpenApiParameter("cluster", str, description="Its layer on this cluster; left out, on all clusters.")
NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The name of the team.")

MOST_SHOWN = 200


class FigureOut(serializers.Serializer[Any]):
    """A figure that holds."""

    value = serializers.CharField(help_text="`unlimited` is no limit.")
    said_by = serializers.CharField(source="layer", help_text="The layer that says it; empty: Dougong's own default.")


class TeamClusterOut(serializers.Serializer[Any]):
    """What a team gets in the namespace of each of its environments on a cluster."""

    cluster = serializers.CharField(source="cluster.name")
    environments = serializers.IntegerField(help_text="How many it has there.")
    figures = serializers.DictField(child=FigureOut(), help_text=f"By name: {', '.join(FIGURES)}.")
    groups = serializers.DictField(child=FigureOut(), help_text="The role of each group of the cluster's directory.")
    waits = serializers.BooleanField(help_text="Groups get in once the cluster is joined again.")


class TenantPolicyOut(serializers.Serializer[Any]):
    """A layer: only what it says itself. `grounds` is how many follow the change that this answers."""

    of = serializers.CharField()
    version = serializers.IntegerField()
    figures = serializers.DictField(child=serializers.CharField())
    groups = serializers.DictField(child=serializers.CharField())
    grounds = serializers.IntegerField()


class TenantPolicyIn(ReasonIn):
    """A change of a layer: null takes a figure back to what the broader layer says, what is not named stays."""

    figures = serializers.DictField(child=serializers.CharField(allow_null=True, max_length=4000), default=dict)
    groups = serializers.DictField(
        child=serializers.CharField(allow_null=True, max_length=40),
        default=dict,
        help_text="Role by group, as the cluster's own directory names it: view, edit, none.",
    )


class TenantPolicyView(APIView):
    """One layer: of a team, of a cluster, of a team on a cluster, or of all."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="tenant_policy_retrieve", parameters=[TEAM, CLUSTER], responses=TenantPolicyOut)
    def get(self, request: Request) -> Response:
        """What it says itself, with its ETag."""
        team, cluster = _layer(request)
        return _answer(team, cluster, Held(tenant_policy(team, cluster)))

    @extend_schema(
        operation_id="tenant_policy_update",
        parameters=[TEAM, CLUSTER, IF_MATCH],
        request=TenantPolicyIn,
        responses=TenantPolicyOut,
    )
    def patch(self, request: Request) -> Response:
        """Change figures; operators only. The namespaces that it reaches follow within half a minute."""
        team, cluster = _layer(request)
        form = TenantPolicyIn(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            check_if_match(request, hold(team, cluster, actor=_actor(request)))
            held = services.set_tenant_policy(team=team, cluster=cluster, actor=_actor(request), **form.validated_data)
        return _answer(team, cluster, held)


class ExceptionOut(serializers.ModelSerializer[TenantException]):
    """An exception: who answers for it, why, and until when."""

    cluster = serializers.CharField(source="cluster.name", default=None, allow_null=True, help_text="null: on all.")
    figures = serializers.DictField(child=serializers.CharField())
    owner = serializers.CharField(source="owner_name")
    decided_by = serializers.CharField(source="decided_by_name")

    class Meta:
        model = TenantException
        fields = [
            "id", "cluster", "figures", "days", "reason", "owner", "state", "decided_by", "created_at", "ends_at",
            "ended_at", "version",
        ]  # fmt: skip
        read_only_fields = fields


class ExceptionIn(serializers.Serializer[Any]):
    """Figures for a while, and why."""

    cluster = serializers.CharField(required=False, default="", allow_blank=True, max_length=63)
    figures = serializers.DictField(child=serializers.CharField(max_length=4000), allow_empty=False)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)
    reason = serializers.CharField(max_length=2000)


class ExceptionsView(APIView):
    """Exceptions of a team."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="teams_exceptions_list", parameters=[NAME], responses=ExceptionOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """Newest first, at most 200."""
        found = exceptions_of(_actor(request), _team(request, name))[:MOST_SHOWN]
        return Response(ExceptionOut(found, many=True).data)

    @extend_schema(
        operation_id="teams_exceptions_propose", parameters=[NAME], request=ExceptionIn, responses={201: ExceptionOut}
    )
    def post(self, request: Request, name: str) -> Response:
        """Ask for one; what an operator asks for is in force at once."""
        form = ExceptionIn(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        cluster = _cluster(request, said["cluster"]) if said["cluster"] else None
        made = services.propose_exception(
            **{**said, "cluster": cluster}, team=_team(request, name), actor=_actor(request)
        )
        return Response(ExceptionOut(made).data, status=201, headers={"ETag": etag(made)})


class ExceptionView(APIView):
    """What becomes of one exception."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="teams_exceptions_decide",
        parameters=[
            NAME,
            OpenApiParameter("decision", str, OpenApiParameter.PATH, enum=["accept", "end"]),
            IF_MATCH_IF_IT_MATTERS,
        ],
        request=ReasonIn,
        responses=ExceptionOut,
    )
    def post(self, request: Request, name: str, id: UUID, decision: str) -> Response:
        """Accept it, as an operator; or end it, which refuses it, takes it back or ends it early."""
        form = ReasonIn(data=request.data)
        form.is_valid(raise_exception=True)
        act = {"accept": services.accept_exception, "end": services.end_exception}.get(decision)
        with transaction.atomic():
            row = exceptions_of(_actor(request), _team(request, name)).filter(pk=id).first()
            if row is None or act is None:
                raise not_found(TenantException)
            if "If-Match" in request.headers:
                row = locked(row)
                check_if_match(request, row)
            decided = act(exception=row, actor=_actor(request), **form.validated_data)
        return Response(ExceptionOut(decided).data, headers={"ETag": etag(decided)})


class UsedOut(serializers.Serializer[Any]):
    """Of a figure."""

    used = serializers.CharField()
    limit = serializers.CharField()


class UsageOut(serializers.Serializer[Any]):
    """How full the quota of an environment on a cluster was when the loop looked last."""

    environment = serializers.CharField(help_text="PROJECT/APPLICATION/ENVIRONMENT.")
    cluster = serializers.CharField()
    seen_at = serializers.DateTimeField()
    figures = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=UsedOut()))
    def get_figures(self, usage: Usage) -> dict[str, dict[str, str]]:
        """By name."""
        return {name: {"used": used, "limit": limit} for name, (used, limit) in usage.figures.items()}


class TeamUsageView(APIView):
    """How full a team's quotas are."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="teams_usage_list", parameters=[NAME], responses=UsageOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """Of each of its environments on each cluster, the fullest first."""
        return Response(UsageOut(usage(_team(request, name)), many=True).data)


class ConsumerOut(serializers.Serializer[Any]):
    """A process that asks for much: of all its pods together, cores and bytes; `part` is from 0 to 1."""

    environment = serializers.CharField(help_text="PROJECT/APPLICATION/ENVIRONMENT.")
    cluster = serializers.CharField()
    process = serializers.CharField()
    pods = serializers.IntegerField()
    cpu = serializers.FloatField()
    memory = serializers.IntegerField()
    part = serializers.FloatField()


class TeamConsumersView(APIView):
    """What takes most of a team's quotas."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="teams_consumers_list", parameters=[NAME], responses=ConsumerOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """Processes of the environments whose quotas are the fullest, those first that ask for most."""
        return Response(ConsumerOut(consumers(_team(request, name)), many=True).data)


class TeamClustersView(APIView):
    """A team on the clusters."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="teams_clusters_list", parameters=[NAME], responses=TeamClusterOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """What it gets on each, and which layer says so."""
        return Response(TeamClusterOut(tenants(_team(request, name)), many=True).data)


def _layer(request: Request) -> tuple[Team | None, Cluster | None]:
    query = request.query_params
    team, cluster = query.get("team", ""), query.get("cluster", "")
    return _team(request, team) if team else None, _cluster(request, cluster) if cluster else None


def _team(request: Request, name: str) -> Team:
    found = visible(_actor(request), Team.objects.filter(name=name)).first()
    if found is None:
        raise not_found(Team)
    return found


def _cluster(request: Request, name: str) -> Cluster:
    found = visible(_actor(request), Cluster.objects.filter(name=name)).first()
    if found is None:
        raise not_found(Cluster)
    return found


def _answer(team: Team | None, cluster: Cluster | None, held: Held) -> Response:
    said = {
        "of": layer_name(team, cluster),
        "version": held.version,
        "figures": held.figures,
        "groups": held.groups,
        "grounds": held.grounds,
    }
    return Response(TenantPolicyOut(said).data, headers={"ETag": etag(held)})


def _actor(request: Request) -> Actor:
    return cast(Actor, request.user)
