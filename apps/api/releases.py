"""`/api/v1/releases/`: what was delivered when, by whom and why, and in what two differ. Read-only, as the rows are."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps import selectors
from apps.api import serializers as forms
from apps.api.differences import DifferencesOut, differences_of
from apps.models import Release
from paas.core.api import ResourceViewSet

FROM = OpenApiParameter(
    "from", str, required=True, description="The other release: its number in the same environment, or its id."
)


class ReleaseFilter(filters.FilterSet):
    """`?application=&project=&team=&environment=&number=&created_by=`: names, exact."""

    environment = filters.CharFilter(field_name="environment__name")
    application = filters.CharFilter(field_name="environment__application__name")
    team = filters.CharFilter(field_name="environment__application__project__team__name")
    created_by = filters.CharFilter(field_name="created_by_name")
    project = filters.CharFilter(field_name="environment__application__project__name")

    class Meta:
        model = Release
        fields = ["number"]


@extend_schema_view(
    list=extend_schema(operation_id="releases_list"),
    retrieve=extend_schema(operation_id="releases_retrieve", responses=forms.ReleaseDetailOut),
)
class ReleaseViewSet(ResourceViewSet[Release]):
    """Releases of one's teams, newest first; operators see all."""

    queryset = Release.objects.all()
    filterset_class = ReleaseFilter
    ordering = "-created_at"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-0-9a-f]{36}"

    def get_queryset(self) -> QuerySet[Release]:
        """What the actor may view; spec and app file are read for one release only."""
        found = selectors.releases_of(self.actor)
        return found.defer(None) if self.action in ("retrieve", "differences") else found

    def get_serializer_class(self) -> Any:
        """Spec and app file come with one release only."""
        return forms.ReleaseDetailOut if self.action == "retrieve" else forms.ReleaseOut

    @extend_schema(operation_id="releases_differences", parameters=[FROM], responses=DifferencesOut, filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def differences(self, request: Request, id: str) -> Response:
        """In what it differs from another release: image, configuration, secrets, and each object field by field.

        Both are rendered anew for the clusters of today. A Secret has references for values.
        """
        release = self.get_object()
        other = selectors.release_named(self.get_queryset(), release.environment, request.query_params.get("from", ""))
        return Response(DifferencesOut(differences_of(other, release)).data)
