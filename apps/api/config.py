"""`/api/v1/config/`: the layers of configuration, their history, and proposals that wait for a second person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps import services
from apps.api import config_serializers as forms
from apps.api.idempotency import IDEMPOTENCY_KEY, once
from apps.config import LAYERS, Declaration
from apps.models import ConfigChange, ConfigProposal
from apps.selectors import config as layers
from apps.services.config import Changed, Edit, Held, hold, hold_proposal
from paas.core.api import IF_MATCH_IF_IT_MATTERS, ReasonIn, ResourceViewSet, check_if_match, etag
from paas.core.permissions import Actor

SCOPE = OpenApiParameter("scope", str, required=True, enum=LAYERS, description="Which kind of layer.")
OF = OpenApiParameter(
    "of",
    str,
    description="Whose: NAME of a cluster, team or project, PROJECT/NAME of an application, PROJECT/APPLICATION/NAME "
    "of an environment; left out for the platform.",
)
KEY = OpenApiParameter("key", str, description="Only this key.")
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the layer as it was read; needed unless it is a dry run.",
)


class ConfigView(APIView):
    """One layer: read by who may view what it belongs to, changed by who may edit that."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="config_retrieve", parameters=[SCOPE, OF], responses=forms.ConfigOut)
    def get(self, request: Request) -> Response:
        """Every key that the layer sets or declares, with its ETag."""
        scope = _scope(request)
        held = Held(layers.scope_version(scope))
        found = {"scope": scope.kind, "of": scope.name, "version": held.version, "keys": layers.latest_changes(scope)}
        return Response(forms.ConfigOut(found).data, headers={"ETag": etag(held)})

    @extend_schema(
        operation_id="config_update",
        parameters=[SCOPE, OF, IF_MATCH, IDEMPOTENCY_KEY],
        request=forms.ConfigIn,
        responses={200: forms.ChangedOut, 202: forms.ChangedOut},
    )
    def patch(self, request: Request) -> Response:
        """Change keys, and release what that changes; 202 where it waits for a second person."""
        scope = _scope(request)
        form = forms.ConfigIn(data=request.data)
        form.is_valid(raise_exception=True)
        body = form.validated_data
        # A rehearsal leaves no version behind, and no answer to be given again.
        if body["dryRun"]:
            return _answer(_change(request, scope, body), tagged=False)

        def act() -> Response:
            with transaction.atomic():
                check_if_match(request, hold(scope))
                return _answer(_change(request, scope, body))

        return once(request, act)


@extend_schema_view(list=extend_schema(operation_id="config_history", parameters=[SCOPE, OF, KEY]))
class ConfigHistoryViewSet(ResourceViewSet[ConfigChange]):
    """The changes of a layer: who, when and why. Read-only, as the rows are."""

    queryset = ConfigChange.objects.all()
    serializer_class = forms.ConfigChangeOut
    filter_backends = []
    ordering = "-id"

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first."""
        found = layers.history(_scope(request), request.query_params.get("key", ""))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)


class ConfigProposalFilter(filters.FilterSet):
    """`?scope=&of=&state=`, exact."""

    of = filters.CharFilter(field_name="scope_name")

    class Meta:
        model = ConfigProposal
        fields = ["scope", "state"]


@extend_schema_view(
    list=extend_schema(operation_id="config_proposals_list"),
    retrieve=extend_schema(operation_id="config_proposals_retrieve"),
)
class ConfigProposalViewSet(ResourceViewSet[ConfigProposal]):
    """Changes of protected keys: each is accepted or refused by another person who may edit the layer."""

    queryset = ConfigProposal.objects.all()
    serializer_class = forms.ConfigProposalOut
    filterset_class = ConfigProposalFilter
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-0-9a-f]{36}"

    def get_queryset(self) -> QuerySet[ConfigProposal]:
        """Those of every layer one may view."""
        return layers.proposals_of(self.actor)

    @extend_schema(
        operation_id="config_proposals_accept",
        request=ReasonIn,
        responses=forms.ChangedOut,
        parameters=[IF_MATCH_IF_IT_MATTERS, IDEMPOTENCY_KEY],
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, id: str) -> Response:
        """Carry it out, as the second person."""
        body = self.parsed(ReasonIn)

        def act() -> Response:
            with self._as_it_was_read() as proposal:
                return _answer(services.accept_proposal(proposal=proposal, actor=self.actor, reason=body["reason"]))

        return once(request, act)

    @extend_schema(
        operation_id="config_proposals_refuse",
        request=ReasonIn,
        responses=forms.ConfigProposalOut,
        parameters=[IF_MATCH_IF_IT_MATTERS],
    )
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, id: str) -> Response:
        """Say no, or take back one's own."""
        body = self.parsed(ReasonIn)
        with self._as_it_was_read() as proposal:
            refused = services.refuse_proposal(proposal=proposal, actor=self.actor, reason=body["reason"])
        return self.answer(refused)

    @contextmanager
    def _as_it_was_read(self) -> Iterator[ConfigProposal]:
        """The proposal, still what If-Match says where it says anything, in the transaction the service joins."""
        with transaction.atomic():
            proposal = self.get_object()
            if "If-Match" in self.request.headers:
                proposal = hold_proposal(proposal)
                check_if_match(self.request, proposal)
            yield proposal


def _scope(request: Request) -> layers.Scope:
    query = request.query_params
    return layers.find_scope(cast(Actor, request.user), query.get("scope", ""), query.get("of", ""))


def _change(request: Request, scope: layers.Scope, body: dict[str, Any]) -> Changed:
    declarations = {key: _declaration(each) for key, each in body["declarations"].items()}
    return services.change_config(
        scope=scope,
        edit=Edit(body["values"], declarations),
        actor=cast(Actor, request.user),
        reason=body["reason"],
        release=body["release"],
        dry_run=body["dryRun"],
    )


def _declaration(body: dict[str, Any] | None) -> Declaration | None:
    return None if body is None else Declaration.from_json(body)


def _answer(changed: Changed, *, tagged: bool = True) -> Response:
    status = 200 if changed.proposal is None else 202
    headers = {"ETag": etag(changed)} if tagged else {}
    return Response(forms.ChangedOut(changed).data, status=status, headers=headers)
