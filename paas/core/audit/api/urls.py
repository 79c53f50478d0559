"""The addresses of the audit trail under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import BaseRouter

from paas.core.audit.api.views import AuditViewSet

urlpatterns = [
    path("audit/export/", AuditViewSet.as_view({"get": "export"}, pagination_class=None), name="audit-export"),
    path(
        "audit/verification/", AuditViewSet.as_view({"get": "verification"}, pagination_class=None), name="audit-verify"
    ),
]


def register(router: BaseRouter) -> None:
    """Put the resources of this room on the router of /api/v1/."""
    router.register("audit", AuditViewSet, basename="audit")
