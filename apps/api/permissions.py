"""`/api/v1/permissions/explanation/`: why a person may do something, or why not."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.selectors.named import object_named
from paas.core.permissions import Actor
from paas.identity.explanation import ACTIONS, explain
from paas.identity.roles import person_named


class WayOut(serializers.Serializer[Any]):
    """A way in which the person holds it."""

    group = serializers.CharField(help_text="Empty for a superuser, and for what everyone may.")
    role = serializers.CharField()
    on = serializers.CharField(help_text="Where the role was given: `team shop`.")


class ExplanationOut(serializers.Serializer[Any]):
    """Whether, and by which ways; or why not, and who can change that."""

    person = serializers.CharField()
    action = serializers.ChoiceField(list(ACTIONS))
    object = serializers.CharField(source="obj")
    allowed = serializers.BooleanField()
    ways = WayOut(many=True)
    reason = serializers.ChoiceField(
        ["", "deactivated", "unseen", "no_role"],
        help_text="Why not; `unseen`: the object answers them with 404.",
    )
    roles = serializers.ListField(child=serializers.CharField(), help_text="Those that have the permission.")
    grantors = serializers.ListField(
        child=serializers.CharField(), help_text="Who can give such a role, as far as you may see them."
    )
    token = serializers.CharField(
        help_text="The scope of your own API token, where it holds you back from what your roles let you."
    )


class ExplanationView(APIView):
    """One person, one action, one object."""

    @extend_schema(
        operation_id="permissions_explain",
        responses=ExplanationOut,
        parameters=[
            OpenApiParameter("person", str, description="A username; oneself where it is left out."),
            OpenApiParameter("action", str, required=True, enum=list(ACTIONS)),
            OpenApiParameter("object", str, required=True, description="Such as `environment/demo/hello/production`."),
        ],
    )
    def get(self, request: Request) -> Response:
        """The way person → group → role → object. Of others, owners of the object, operators and auditors ask."""
        said = request.query_params
        actor = cast(Actor, request.user)
        obj = object_named(actor, said.get("object", ""))
        who = said.get("person") or request.user.get_username()
        person = request.user if who == request.user.get_username() else person_named(who, kept_out=True)
        found = explain(actor=actor, person=cast(Any, person), action=said.get("action", ""), obj=obj)
        return Response(ExplanationOut(found).data)
