"""`/api/v1/releases/`: what was delivered when, by whom and why. Read-only, as the rows are."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view

from apps import selectors
from apps.api import serializers as forms
from apps.models import Release
from paas.core.api import ResourceViewSet


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
        return found.defer(None) if self.action == "retrieve" else found

    def get_serializer_class(self) -> Any:
        """Spec and app file come with one release only."""
        return forms.ReleaseDetailOut if self.action == "retrieve" else forms.ReleaseOut
