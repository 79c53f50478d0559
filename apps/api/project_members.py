"""`/api/v1/projects/NAME/members/`: who has a role on a project alone."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps import services
from apps.models import Project
from apps.selectors.members import project_members
from paas.core.api import IF_MATCH, ResourceViewSet, etag
from paas.identity.api.serializers import MemberIn, MemberOut
from paas.identity.roles import person_named


class ProjectMemberViewSet(ResourceViewSet[Project]):
    """Roles on a project and all that belongs to it. Those on its team hold here too, and are not listed."""

    queryset = Project.objects.select_related("team")
    serializer_class = MemberOut
    lookup_field = "name"

    @extend_schema(operation_id="projects_members_list", responses=MemberOut(many=True), filters=False)
    def members(self, request: Request, name: str) -> Response:
        """Owners first, with the project's ETag."""
        return self._members(self.get_object())

    @extend_schema(
        operation_id="projects_members_set",
        request=MemberIn,
        responses=MemberOut(many=True),
        parameters=[IF_MATCH],
    )
    def set_member(self, request: Request, name: str, username: str) -> Response:
        """Give a person a role; owners only."""
        role = self.parsed(MemberIn)["role"]
        with self.edited() as project:
            services.set_project_member(project=project, user=person_named(username), role=role, actor=self.actor)
        return self._members(Project.objects.get(pk=project.pk))

    @extend_schema(operation_id="projects_members_remove", responses={204: None}, parameters=[IF_MATCH])
    def remove_member(self, request: Request, name: str, username: str) -> Response:
        """Take a person's role away; owners only."""
        with self.edited() as project:
            services.remove_project_member(project=project, user=person_named(username), actor=self.actor)
        return Response(status=204)

    def _members(self, project: Project) -> Response:
        return Response(MemberOut(project_members(project), many=True).data, headers={"ETag": etag(project)})
