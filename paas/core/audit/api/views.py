"""The audit trail over the API: read by operators and auditors, written by nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, Subquery
from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paas.core.api import ResourceViewSet
from paas.core.audit.api import export
from paas.core.audit.outside import outside
from paas.core.audit.verify import verify
from paas.core.errors import Invalid
from paas.core.models import AuditEvent
from paas.core.permissions import require

AT_ONCE = 20_000
# An event has its time before it has its id; within that, one is written, and clocks of processes agree.
LONGEST_WRITE = timedelta(hours=1)
LAST_MOMENT = datetime.max.replace(tzinfo=UTC) - LONGEST_WRITE


class AuditEventOut(serializers.ModelSerializer[AuditEvent]):
    """An event."""

    right = serializers.DictField(
        allow_null=True, read_only=True, help_text="By what right: permission, through which group, on what."
    )
    before = serializers.DictField(allow_null=True, read_only=True, help_text="What was there, by field.")
    after = serializers.DictField(allow_null=True, read_only=True, help_text="What is there now, by field.")

    class Meta:
        model = AuditEvent
        fields = [
            "id", "number", "at", "actor_name", "subject", "how", "address", "right", "action", "outcome",
            "object_type", "object_id", "object_name", "before", "after", "reason", "request_id",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {
            "number": {"help_text": "Its place in the chain; null until it is sealed, about a second later."},
            "subject": {"help_text": "The id of the actor's account, which stays when the account goes."},
            "how": {"help_text": "The session's backend, or the visible beginning of the token."},
        }


class FaultOut(serializers.Serializer[Any]):
    """The first event that does not fit."""

    number = serializers.IntegerField(help_text="Its place in the chain.")
    event = serializers.IntegerField(allow_null=True, help_text="Its id; null where it is gone.")
    what = serializers.CharField()


class VerdictOut(serializers.Serializer[Any]):
    """How far the trail was read, and what does not fit."""

    number = serializers.IntegerField(help_text="The last event that is whole.")
    heads = serializers.IntegerField(help_text="How many heads kept outside agree, in this part.")
    more = serializers.BooleanField(help_text="Whether there is more to be read after `number`.")
    unsealed = serializers.IntegerField(help_text="How many events wait for their seal.")
    fault = FaultOut(allow_null=True)


class MomentField(IsoDateTimeField):
    """A moment in UTC: PostgreSQL takes no offset beyond 16 hours, which ISO 8601 knows."""

    def clean(self, value: Any) -> datetime | None:
        """Refused where there is no such moment in UTC."""
        moment: datetime | None = super().clean(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError:
            raise ValidationError("Not a moment of our era.", code="invalid") from None


class MomentFilter(filters.IsoDateTimeFilter):
    """By such a moment."""

    field_class = MomentField


class AuditFilter(filters.FilterSet):
    """By what the trail is searched. Each begins an index."""

    actor = filters.CharFilter("actor_name", help_text="Who: their whole name.")
    action = filters.CharFilter("action", lookup_expr="startswith", help_text="`team.renamed`, or `team.` for all.")
    outcome = filters.ChoiceFilter(choices=AuditEvent.Outcome.choices)
    object_type = filters.CharFilter("object_type", help_text="`identity.Team`.")
    object_id = filters.CharFilter("object_id")
    object = filters.CharFilter("object_name", lookup_expr="startswith", help_text="How its name begins.")
    request = filters.CharFilter("request_id", help_text="The id of the request.")
    since = MomentFilter("at", lookup_expr="gte")
    until = MomentFilter("at", method="before")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def before(self, events: QuerySet[AuditEvent], _name: str, moment: datetime) -> QuerySet[AuditEvent]:
        """Until then. The newest by id of a time long past are found by where its ids end, not by reading all since."""
        beyond = min(moment, LAST_MOMENT) + LONGEST_WRITE
        last = AuditEvent.objects.filter(at__lt=beyond).order_by("-at").values("pk")[:1]
        return events.filter(at__lt=moment, pk__lte=Subquery(last))


@extend_schema_view(
    list=extend_schema(operation_id="audit_list"), retrieve=extend_schema(operation_id="audit_retrieve")
)
class AuditViewSet(ResourceViewSet[AuditEvent]):
    """Events, the newest first; for operators and auditors."""

    queryset = AuditEvent.objects.all()
    serializer_class = AuditEventOut
    filterset_class = AuditFilter
    ordering = "-id"
    lookup_value_converter = "int"

    @extend_schema(
        operation_id="audit_export",
        parameters=[OpenApiParameter("as", enum=["csv", "jsonl"], required=True, description="The form.")],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "application/x-ndjson"): OpenApiTypes.STR},
    )
    def export(self, request: Request) -> StreamingHttpResponse:
        """All that fit the search, the oldest first, as CSV or JSON lines; sent as they are read."""
        require(self.actor, "view", None)
        form = export.FORMS.get(request.query_params.get("as", ""))
        if form is None:
            raise Invalid("invalid", f"as: expected one of {', '.join(export.FORMS)}.")
        return export.download(self.filter_queryset(self.get_queryset()), form)

    @extend_schema(
        operation_id="audit_verify",
        parameters=[OpenApiParameter("after", int, description="Read on after this number.")],
        responses=VerdictOut,
        filters=False,
    )
    def verification(self, request: Request) -> Response:
        """Whether the trail is whole, at most 20,000 events a request."""
        require(self.actor, "view", None)
        after = request.query_params.get("after", "0")
        if not after.isascii() or not after.isdigit() or len(after) > 18:  # noqa: PLR2004 - a bigint has 19
            raise Invalid("invalid", f"after: expected a number, got '{after[:40]}'.")
        verdict = verify(outside(settings.DOUGONG.audit_outside), after=int(after), most=AT_ONCE)
        unsealed = AuditEvent.objects.filter(number=None).count()
        told = {"number": verdict.number, "heads": verdict.heads, "more": verdict.more, "unsealed": unsealed}
        return Response(VerdictOut({**told, "fault": verdict.fault}).data)
