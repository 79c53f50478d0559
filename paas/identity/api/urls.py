"""The addresses of people, teams and tokens under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import BaseRouter

from paas.identity.api.break_glass import BreakGlassViewSet
from paas.identity.api.oauth import DeviceAuthorizationView, DeviceTokenView
from paas.identity.api.service_accounts import ServiceAccountTokenViewSet, ServiceAccountViewSet
from paas.identity.api.views import (
    LoginView,
    MeView,
    PlatformMembersView,
    PlatformMemberView,
    TeamViewSet,
    TokenViewSet,
)

ACCOUNT = "teams/<str:team>/service-accounts/<str:account>/"

urlpatterns = [
    path("login", LoginView.as_view(), name="login"),
    path("oauth/device_authorization", DeviceAuthorizationView.as_view(), name="device-authorization"),
    path("oauth/token", DeviceTokenView.as_view(), name="device-token"),
    path("me", MeView.as_view(), name="me"),
    path("platform/members/", PlatformMembersView.as_view(), name="platform-members"),
    path("platform/members/<str:role>/<str:username>/", PlatformMemberView.as_view(), name="platform-member"),
    path(
        "teams/<str:name>/members/", TeamViewSet.as_view({"get": "members"}, pagination_class=None), name="team-members"
    ),
    path(
        "teams/<str:name>/members/<str:username>/",
        TeamViewSet.as_view({"put": "set_member", "delete": "remove_member"}, pagination_class=None),
        name="team-member",
    ),
    path("teams/<str:name>/cordon/", TeamViewSet.as_view({"put": "cordon"}), name="team-cordon"),
    path("teams/<str:name>/protection/", TeamViewSet.as_view({"put": "protect"}), name="team-protection"),
    path(
        "teams/<str:team>/break-glass/",
        BreakGlassViewSet.as_view({"get": "list", "post": "create"}),
        name="break-glass",
    ),
    path(
        "teams/<str:team>/break-glass/<uuid:id>/",
        BreakGlassViewSet.as_view({"delete": "destroy"}),
        name="break-glass-one",
    ),
    path(
        "teams/<str:team>/service-accounts/",
        ServiceAccountViewSet.as_view({"get": "list", "post": "create"}),
        name="service-accounts",
    ),
    path(ACCOUNT, ServiceAccountViewSet.as_view({"delete": "destroy"}), name="service-account"),
    path(
        f"{ACCOUNT}tokens/",
        ServiceAccountTokenViewSet.as_view({"get": "list", "post": "create"}),
        name="service-account-tokens",
    ),
    path(
        f"{ACCOUNT}tokens/<str:id>/",
        ServiceAccountTokenViewSet.as_view({"delete": "destroy"}),
        name="service-account-token",
    ),
]


def register(router: BaseRouter) -> None:
    """Put the resources of this room on the router of /api/v1/."""
    router.register("teams", TeamViewSet, basename="team")
    router.register("tokens", TokenViewSet, basename="token")
