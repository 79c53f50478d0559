"""`/api/v1/freezes/`: times in which nothing new is released."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps import services
from apps.models import FreezeWindow
from apps.selectors.freezes import COMING, freezes_of
from paas.core.api import ReasonIn, ResourceViewSet
from paas.core.permissions import not_found, visible
from paas.identity.models import Team


class FreezeOut(serializers.ModelSerializer[FreezeWindow]):
    """A freeze. `team` null is the whole platform, no `environments` are all that are protected."""

    team = serializers.CharField(source="team.name", default=None, allow_null=True)
    environments = serializers.ListField(child=serializers.CharField())
    created_by = serializers.CharField(source="created_by_name")
    ended_by = serializers.CharField(source="ended_by_name")

    class Meta:
        model = FreezeWindow
        fields = [
            "id", "team", "environments", "starts_at", "ends_at", "time_zone", "reason", "created_by", "created_at",
            "ended_at", "ended_by",
        ]  # fmt: skip
        read_only_fields = fields


class FreezeIn(serializers.Serializer[Any]):
    """A freeze to come, or from now."""

    team = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)
    environments = serializers.ListField(child=serializers.CharField(max_length=63), required=False, default=list)
    starts = serializers.CharField(max_length=40, help_text="2026-12-24T18:00, in the time zone.")
    ends = serializers.CharField(max_length=40)
    time_zone = serializers.CharField(max_length=64, required=False, default="UTC")
    reason = serializers.CharField(max_length=2000)


class FreezeFilter(filters.FilterSet):
    """`?team=&over=`: exact; without `over` those in force and to come."""

    team = filters.CharFilter(field_name="team__name")
    over = filters.BooleanFilter(method="by_over", label="Also those that are over.")

    class Meta:
        model = FreezeWindow
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[FreezeWindow]) -> QuerySet[FreezeWindow]:
        """What is not over, unless told."""
        found: QuerySet[FreezeWindow] = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("over") else found.filter(COMING)

    def by_over(self, queryset: QuerySet[FreezeWindow], name: str, value: bool) -> QuerySet[FreezeWindow]:
        """All of them."""
        return queryset.filter(Q())


@extend_schema_view(
    list=extend_schema(operation_id="freezes_list"), retrieve=extend_schema(operation_id="freezes_retrieve")
)
class FreezeViewSet(ResourceViewSet[FreezeWindow]):
    """Freezes of one's teams and of the platform."""

    queryset = FreezeWindow.objects.all()
    serializer_class = FreezeOut
    filterset_class = FreezeFilter
    ordering = "-starts_at"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-0-9a-f]{36}"

    def get_queryset(self) -> QuerySet[FreezeWindow]:
        """The platform's too, which concern everyone."""
        return freezes_of(self.actor)

    @extend_schema(operation_id="freezes_create", request=FreezeIn, responses={201: FreezeOut})
    def create(self, request: Request) -> Response:
        """Declare one; owners of the team, operators for the platform."""
        body = self.parsed(FreezeIn)
        team = None
        if body["team"] is not None:
            team = visible(self.actor, Team.objects.all()).filter(name=body["team"]).first()
            if team is None:
                raise not_found(Team)
        made = services.declare_freeze(**{**body, "team": team}, actor=self.actor)
        return self.answer(made, status=201)

    @extend_schema(operation_id="freezes_end", request=ReasonIn, responses=FreezeOut)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, id: str) -> Response:
        """End it before its time."""
        body = self.parsed(ReasonIn)
        ended = services.end_freeze(freeze=self.get_object(), actor=self.actor, reason=body["reason"])
        return self.answer(self.get_queryset().get(pk=ended.pk))
