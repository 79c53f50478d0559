"""`/api/v1/teams/NAME/break-glass/`: roles that operators took for a time."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paas.core.api import ResourceViewSet
from paas.identity import break_glass
from paas.identity.api.service_accounts import OfTeam
from paas.identity.models import BreakGlass
from paas.identity.roles import ROLES


class BreakGlassOut(serializers.ModelSerializer[BreakGlass]):
    """A role taken for a time."""

    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(ROLES)
    ended_by = serializers.CharField(source="ended_by_name")

    class Meta:
        model = BreakGlass
        fields = ["id", "username", "role", "reason", "taken_at", "until", "ended_at", "ended_by"]
        read_only_fields = fields


class BreakGlassIn(serializers.Serializer[Any]):
    """Which role, how long and why."""

    role = serializers.CharField(max_length=20, required=False, default="owner")
    minutes = serializers.IntegerField(required=False, help_text="At most DOUGONG_BREAK_GLASS_MINUTES, or that.")
    reason = serializers.CharField(max_length=2000)


@extend_schema_view(list=extend_schema(operation_id="break_glass_list"))
class BreakGlassViewSet(OfTeam, ResourceViewSet[BreakGlass]):
    """All that were taken on the team, the latest first; for whoever may view it."""

    queryset = BreakGlass.objects.all()
    serializer_class = BreakGlassOut
    ordering = "-taken_at"
    lookup_url_kwarg = "id"

    def get_queryset(self) -> QuerySet[BreakGlass]:
        """Of the team in the address."""
        if getattr(self, "swagger_fake_view", False):
            return BreakGlass.objects.none()
        return break_glass.taken_roles(self.actor, self.team())

    @extend_schema(operation_id="break_glass_take", request=BreakGlassIn, responses={201: BreakGlassOut})
    def create(self, request: Request, team: str) -> Response:
        """Take a role for oneself; operators only."""
        taken = break_glass.take_role(team=self.team(), actor=self.actor, **self.parsed(BreakGlassIn))
        return self.answer(taken, status=201)

    @extend_schema(operation_id="break_glass_end", responses={204: None})
    def destroy(self, request: Request, team: str, id: str) -> Response:
        """End it before its time: who took it, or an owner of the team."""
        break_glass.end_taken_role(taken=self.get_object(), actor=self.actor)
        return Response(status=204)
