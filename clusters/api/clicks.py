"""`/api/v1/whodid/` and `/api/v1/audit/{id}/objects/`: from a live object to the click, and back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clusters import clicks
from clusters.models import ApiCall
from paas.core.audit.api.views import AuditEventOut
from paas.core.permissions import Actor


class ChangeOut(serializers.Serializer[Any]):
    """A generation of a Work."""

    work_id = serializers.UUIDField()
    name = serializers.CharField()
    cluster = serializers.CharField()
    owner_kind = serializers.CharField()
    owner_name = serializers.CharField()
    generation = serializers.IntegerField()
    release = serializers.CharField(help_text="The id of the release, empty where it is of none.")
    at = serializers.DateTimeField()
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="group/Kind/namespace/name of what it asked to be written or removed."
    )


class CallOut(serializers.Serializer[Any]):
    """A write that the cluster has taken for this generation: the click's own, then repairs."""

    verb = serializers.ChoiceField(choices=ApiCall.Verb.choices)
    uid = serializers.CharField()
    resource_version = serializers.CharField(help_text="Of the answer; of a delete, what it was asked for.")
    at = serializers.DateTimeField(help_text="When it was recorded.")


class ClickOut(serializers.Serializer[Any]):
    """The change behind an object, and what the audit trail says of it."""

    change = ChangeOut()
    events = AuditEventOut(many=True)
    ours = serializers.BooleanField(
        help_text="Whether we own an object with this uid: labels and annotations can be copied, a uid can't."
    )
    calls = CallOut(many=True, help_text="How the object with this uid came to be so; oldest first.")


class TouchedOut(serializers.Serializer[Any]):
    """An object that a change asked for. Empty texts where it is gone, or not written yet."""

    cluster = serializers.CharField(source="change.cluster")
    work = serializers.CharField(source="change.name")
    generation = serializers.IntegerField(source="change.generation")
    object = serializers.CharField(source="oid")
    uid = serializers.CharField(source="row.uid", default="")
    resource_version = serializers.CharField(
        source="row.resource_version", default="", help_text="As it was seen last: later changes may have moved it on."
    )
    health = serializers.CharField(source="row.health", default="")
    calls = CallOut(many=True, help_text="Oldest first; none where nothing was written yet, or they are forgotten.")


class WhoDidIn(serializers.Serializer[Any]):
    """What the live object says of itself."""

    work = serializers.UUIDField()
    generation = serializers.IntegerField(min_value=1, max_value=2**62)
    uid = serializers.CharField(max_length=64, required=False, default="")


class WhoDidView(APIView):
    """The click behind a live object."""

    @extend_schema(
        operation_id="whodid",
        parameters=[
            OpenApiParameter("work", str, required=True, description="Its label dougong.dev/work."),
            OpenApiParameter("generation", int, required=True, description="Its annotation dougong.dev/generation."),
            OpenApiParameter("uid", str, description="Its metadata.uid."),
        ],
        responses=ClickOut,
    )
    def get(self, request: Request) -> Response:
        """Who asked for this object as it is, when, why and by what right; for who may view its application."""
        form = WhoDidIn(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        click = clicks.click_behind(
            actor=_actor(request), work_id=asked["work"], generation=asked["generation"], uid=asked["uid"]
        )
        return Response(ClickOut(click).data)


class ObjectsOfAnEventView(APIView):
    """What a click came to."""

    @extend_schema(operation_id="audit_objects", responses=TouchedOut(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Every object on every cluster that the event's change asked for; for operators and auditors."""
        return Response(TouchedOut(clicks.touched_by(actor=_actor(request), event_id=pk), many=True).data)


def _actor(request: Request) -> Actor:
    return request.user
