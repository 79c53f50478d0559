"""The addresses of clusters and Works under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import BaseRouter

from clusters.api.clicks import ObjectsOfAnEventView, WhoDidView
from clusters.api.views import ClusterViewSet, WorkViewSet

urlpatterns = [
    path("whodid/", WhoDidView.as_view(), name="whodid"),
    path("audit/<int:pk>/objects/", ObjectsOfAnEventView.as_view(), name="audit-objects"),
]


def register(router: BaseRouter) -> None:
    """Put the resources of this room on the router of /api/v1/."""
    router.register("clusters", ClusterViewSet, basename="cluster")
    router.register("works", WorkViewSet, basename="work")
