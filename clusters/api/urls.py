"""The addresses of clusters and Works under /api/v1/."""

from __future__ import annotations

from rest_framework.routers import BaseRouter

from clusters.api.views import ClusterViewSet, WorkViewSet


def register(router: BaseRouter) -> None:
    """Put the resources of this room on the router of /api/v1/."""
    router.register("clusters", ClusterViewSet, basename="cluster")
    router.register("works", WorkViewSet, basename="work")
