"""`/api/v1/approvals/`: releases of protected environments that wait for a second person, and what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps import selectors, services
from apps.api.idempotency import IDEMPOTENCY_KEY, once
from apps.api.serializers import ApproveIn, ReleaseOut
from apps.models import ReleaseProposal
from apps.selectors.proposals import proposals_of
from paas.core.api import IF_MATCH_IF_IT_MATTERS, ReasonIn, ResourceViewSet, check_if_match

STATES = [*ReleaseProposal.State.values, ReleaseProposal.EXPIRED]


class ApprovalOut(serializers.ModelSerializer[ReleaseProposal]):
    """A proposed release. `based_on` and `release` are numbers: what ran when it was proposed, what came of it."""

    environment = serializers.CharField(source="environment.name")
    environment_id = serializers.UUIDField()
    application = serializers.CharField(source="environment.application.name")
    project = serializers.CharField(source="environment.application.project.name")
    state = serializers.ChoiceField(STATES, source="standing")
    proposed_by = serializers.CharField(source="proposed_by_name")
    decided_by = serializers.CharField(source="decided_by_name")
    based_on = serializers.IntegerField(source="based_on.number", default=None, allow_null=True)
    release = serializers.IntegerField(source="release.number", default=None, allow_null=True)

    class Meta:
        model = ReleaseProposal
        fields = [
            "id", "environment", "environment_id", "application", "project", "image", "secrets", "digest", "reason",
            "state", "proposed_by", "created_at", "expires_at", "decided_by", "decided_at", "decision_reason",
            "based_on", "release",
        ]  # fmt: skip
        read_only_fields = fields


class ApprovalDetailOut(ApprovalOut):
    """The same with what was declared and what that came to."""

    spec = serializers.JSONField()
    appFile = serializers.JSONField(source="app_file")

    class Meta(ApprovalOut.Meta):
        fields = [*ApprovalOut.Meta.fields, "spec", "appFile"]
        read_only_fields = fields


class ApprovalFilter(filters.FilterSet):
    """`?state=&environment=&application=&project=`, exact."""

    state = filters.ChoiceFilter(field_name="standing", choices=[(each, each) for each in STATES])
    environment = filters.CharFilter(field_name="environment__name")
    application = filters.CharFilter(field_name="environment__application__name")
    project = filters.CharFilter(field_name="environment__application__project__name")

    class Meta:
        model = ReleaseProposal
        fields: list[str] = []


@extend_schema_view(
    list=extend_schema(operation_id="approvals_list"),
    retrieve=extend_schema(operation_id="approvals_retrieve", responses=ApprovalDetailOut),
)
class ApprovalViewSet(ResourceViewSet[ReleaseProposal]):
    """Proposed by a deploy in a protected environment; decided by another person."""

    queryset = ReleaseProposal.objects.all()
    filterset_class = ApprovalFilter
    ordering = "-created_at"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-0-9a-f]{36}"

    def get_queryset(self) -> QuerySet[ReleaseProposal]:
        """What the actor may view; spec and app file are read for one only."""
        found = proposals_of(self.actor)
        return found if self.action == "list" else found.defer(None)

    def get_serializer_class(self) -> Any:
        """Spec and app file come with one only."""
        return ApprovalDetailOut if self.action == "retrieve" else ApprovalOut

    @extend_schema(
        operation_id="approvals_approve",
        request=ApproveIn,
        responses={201: ReleaseOut},
        parameters=[IF_MATCH_IF_IT_MATTERS, IDEMPOTENCY_KEY],
    )
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, id: str) -> Response:
        """Release it, exactly as it was proposed; a releaser or owner who is not who proposed it."""
        body = self.parsed(ApproveIn)

        def act() -> Response:
            with self._as_it_was_read() as proposal:
                made = services.approve_release(
                    proposal=proposal,
                    actor=self.actor,
                    reason=body["reason"],
                    override_freeze=body["override_freeze"],
                )
            return Response(ReleaseOut(selectors.releases_of(self.actor).get(pk=made.pk)).data, status=201)

        return once(request, act)

    @extend_schema(
        operation_id="approvals_decline",
        request=ReasonIn,
        responses=ApprovalOut,
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, id: str) -> Response:
        """Say no, with a reason; or take back one's own."""
        body = self.parsed(ReasonIn)
        with self._as_it_was_read() as proposal:
            services.decline_release(proposal=proposal, actor=self.actor, reason=body["reason"])
        return self.answer(self.get_queryset().get(pk=proposal.pk))

    @contextmanager
    def _as_it_was_read(self) -> Iterator[ReleaseProposal]:
        """The proposal, still what If-Match says where it says anything, in the transaction the service joins."""
        with transaction.atomic():
            proposal = self.get_object()
            if "If-Match" in self.request.headers:
                check_if_match(self.request, proposal)
            yield proposal
