"""The addresses of people, teams and tokens under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import BaseRouter

from paas.identity.api.views import LoginView, MeView, TeamViewSet, TokenViewSet

urlpatterns = [
    path("login", LoginView.as_view(), name="login"),
    path("me", MeView.as_view(), name="me"),
    path(
        "teams/<str:name>/members/", TeamViewSet.as_view({"get": "members"}, pagination_class=None), name="team-members"
    ),
    path(
        "teams/<str:name>/members/<str:username>/",
        TeamViewSet.as_view({"put": "set_member", "delete": "remove_member"}),
        name="team-member",
    ),
]


def register(router: BaseRouter) -> None:
    """Put the resources of this room on the router of /api/v1/."""
    router.register("teams", TeamViewSet, basename="team")
    router.register("tokens", TokenViewSet, basename="token")
