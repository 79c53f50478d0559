"""The addresses of applications under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import BaseRouter

from apps.api.appfile import AppFileSchemaView, RenderView
from apps.api.applications import ApplicationViewSet
from apps.api.approvals import ApprovalViewSet
from apps.api.config import ConfigHistoryViewSet, ConfigProposalViewSet, ConfigView
from apps.api.environments import EnvironmentViewSet
from apps.api.freezes import FreezeViewSet
from apps.api.permissions import ExplanationView
from apps.api.project_members import ProjectMemberViewSet
from apps.api.projects import ProjectViewSet
from apps.api.pull_secrets import PullSecretViewSet
from apps.api.releases import ReleaseViewSet
from apps.api.secrets import SecretViewSet
from apps.api.tenants import (
    ExceptionsView,
    ExceptionView,
    TeamClustersView,
    TeamConsumersView,
    TeamUsageView,
    TenantPolicyView,
)
from apps.api.terminals import ExecView, TerminalViewSet

urlpatterns = [
    path("app-file-schema/", AppFileSchemaView.as_view(), name="app-file-schema"),
    path("render/", RenderView.as_view(), name="render"),
    path("permissions/explanation/", ExplanationView.as_view(), name="permission-explanation"),
    path("tenant-policy/", TenantPolicyView.as_view(), name="tenant-policy"),
    path("teams/<str:name>/clusters/", TeamClustersView.as_view(), name="team-clusters"),
    path("teams/<str:name>/usage/", TeamUsageView.as_view(), name="team-usage"),
    path("teams/<str:name>/consumers/", TeamConsumersView.as_view(), name="team-consumers"),
    path("teams/<str:name>/exceptions/", ExceptionsView.as_view(), name="team-exceptions"),
    path("teams/<str:name>/exceptions/<uuid:id>/<str:decision>/", ExceptionView.as_view(), name="team-exception"),
    path("teams/<str:name>/pull-secrets/", PullSecretViewSet.as_view({"get": "list"}), name="team-pull-secrets"),
    path(
        "teams/<str:name>/pull-secrets/<str:registry>/",
        PullSecretViewSet.as_view({"put": "set_pull_secret", "delete": "revoke_pull_secret"}),
        name="team-pull-secret",
    ),
    path("config/", ConfigView.as_view(), name="config"),
    path("config/history/", ConfigHistoryViewSet.as_view({"get": "list"}), name="config-history"),
    path(
        "projects/<str:name>/members/",
        ProjectMemberViewSet.as_view({"get": "members"}, pagination_class=None),
        name="project-members",
    ),
    path(
        "projects/<str:name>/members/<str:username>/",
        ProjectMemberViewSet.as_view({"put": "set_member", "delete": "remove_member"}, pagination_class=None),
        name="project-member",
    ),
    path(
        "projects/<str:name>/applications/<str:application>/",
        ProjectViewSet.as_view({"put": "deploy"}),
        name="application-deploy",
    ),
    path(
        "environments/<uuid:id>/secrets/",
        SecretViewSet.as_view({"get": "list"}),
        name="environment-secrets",
    ),
    path(
        "environments/<uuid:id>/secrets/<str:name>/",
        SecretViewSet.as_view({"get": "retrieve", "put": "set_secret", "delete": "revoke_secret"}),
        name="environment-secret",
    ),
    path(
        "environments/<uuid:id>/schedules/<str:name>/run/",
        EnvironmentViewSet.as_view({"post": "run_schedule"}),
        name="environment-schedule-run",
    ),
    path(
        "environments/<uuid:id>/protection/",
        EnvironmentViewSet.as_view({"put": "protect"}),
        name="environment-protection",
    ),
    path("environments/<uuid:id>/exec/", ExecView.as_view(), name="environment-exec"),
]


def register(router: BaseRouter) -> None:
    """Put the resources of this room on the router of /api/v1/."""
    router.register("projects", ProjectViewSet, basename="project")
    router.register("applications", ApplicationViewSet, basename="application")
    router.register("environments", EnvironmentViewSet, basename="environment")
    router.register("config/proposals", ConfigProposalViewSet, basename="config-proposal")
    router.register("approvals", ApprovalViewSet, basename="approval")
    router.register("freezes", FreezeViewSet, basename="freeze")
    router.register("releases", ReleaseViewSet, basename="release")
    router.register("terminals", TerminalViewSet, basename="terminal")
