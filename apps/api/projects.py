"""`/api/v1/projects/`, and under it the deploy of an app file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps import appfile, selectors, services
from apps.api import examples
from apps.api import serializers as forms
from apps.api.dry_runs import DRY_RUN, DryRunOut, or_dry_run
from apps.api.idempotency import IDEMPOTENCY_KEY, once
from apps.models import Application, Project
from apps.problems import ProblemsError
from apps.services.submit import invalid_app_file
from paas.core.api import IF_MATCH_IF_IT_MATTERS, ResourceViewSet, check_if_match, etag, flag
from paas.core.errors import Invalid
from paas.core.permissions import not_found, visible
from paas.identity.models import Team

NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The name of the project.")


class ProjectFilter(filters.FilterSet):
    """`?name=&team=`, exact."""

    team = filters.CharFilter(field_name="team__name")

    class Meta:
        model = Project
        fields = ["name"]


@extend_schema_view(
    list=extend_schema(operation_id="projects_list"),
    retrieve=extend_schema(operation_id="projects_retrieve", parameters=[NAME]),
)
class ProjectViewSet(ResourceViewSet[Project]):
    """Rooms of one's teams; operators see all."""

    queryset = Project.objects.all()
    serializer_class = forms.ProjectOut
    filterset_class = ProjectFilter
    ordering = "name"
    lookup_field = "name"
    lookup_value_regex = "[-a-z0-9]{1,63}"

    def get_queryset(self) -> QuerySet[Project]:
        """What the actor may view."""
        return selectors.projects_of(self.actor)

    @extend_schema(
        operation_id="projects_create",
        request=forms.ProjectIn,
        responses={201: forms.ProjectOut},
        examples=examples.PROJECT,
    )
    def create(self, request: Request) -> Response:
        """A new project; owners of the team."""
        body = self.parsed(forms.ProjectIn)
        team = visible(self.actor, Team.objects.all()).filter(name=body["team"]).first()
        if team is None:
            raise not_found(Team)
        project = services.create_project(team=team, name=body["name"], title=body["title"], actor=self.actor)
        return self.answer(self.get_queryset().get(pk=project.pk), status=201)

    @extend_schema(
        operation_id="applications_deploy",
        request=forms.DeployIn,
        responses=or_dry_run(forms.DeploymentOut),
        examples=examples.DEPLOY,
        parameters=[
            NAME,
            OpenApiParameter("application", str, OpenApiParameter.PATH, description="Its name, as in the file."),
            DRY_RUN,
            IF_MATCH_IF_IT_MATTERS,
            IDEMPOTENCY_KEY,
        ],
    )
    def deploy(self, request: Request, name: str, application: str) -> Response:
        """Declare an application as an app file says, and deliver what has changed. With `dryRun` nothing is done."""
        project = selectors.project_by_name(self.actor, name)
        body = self.parsed(forms.DeployIn)
        try:
            file = appfile.validate(body["appFile"])
        except ProblemsError as error:
            raise invalid_app_file(error) from None
        if file.name != application:
            message = f"The app file is of '{file.name}', the address names '{application}'."
            raise Invalid("application_mismatch", message)
        order: dict[str, Any] = {
            "project": project,
            "app_file": file,
            "actor": self.actor,
            "reason": body["reason"],
            "environments": body.get("environments"),
        }
        if flag(request, "dryRun"):
            with self._as_it_was_read(request, project, file.name):
                return Response(DryRunOut(services.dry_run_deploy(**order)).data)
        order["override_freeze"] = body["override_freeze"]
        return once(request, lambda: self._deploy(request, order))

    @contextmanager
    def _as_it_was_read(self, request: Request, project: Project, name: str) -> Iterator[None]:
        """A transaction in which the application is still what If-Match says, where it says anything."""
        with transaction.atomic():
            if "If-Match" in request.headers:
                known = Application.objects.select_for_update(no_key=True).filter(
                    project=project, name=name, retired_at=None
                )
                if (row := known.first()) is not None:
                    check_if_match(request, row)
            yield

    def _deploy(self, request: Request, order: dict[str, Any]) -> Response:
        with self._as_it_was_read(request, order["project"], order["app_file"].name):
            deployment = services.deploy(**order)
        row = selectors.applications_of(self.actor).get(pk=deployment.application.pk)
        context = {**self.get_serializer_context(), "deployment": deployment}
        return Response(forms.DeploymentOut(row, context=context).data, headers={"ETag": etag(row)})
