"""What the API says about applications, and the forms it takes. No secret value is a readable field."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.models import Application, Environment, Project, Release
from apps.services import Run
from clusters.api.serializers import ConditionOut
from clusters.conditions import judged
from paas.core.api import ReasonIn


class ProjectOut(serializers.ModelSerializer[Project]):
    """A room for applications of one team."""

    team = serializers.CharField(source="team.name")
    applications = serializers.IntegerField(source="applications_count", default=0)

    class Meta:
        model = Project
        fields = ["id", "name", "title", "team", "applications", "version", "created_at", "updated_at"]
        read_only_fields = fields


class ProjectIn(serializers.Serializer[Any]):
    """A new project of a team."""

    team = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=63)
    title = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")


class EnvironmentBriefOut(serializers.ModelSerializer[Environment]):
    """An environment in a list of applications. `release` is a number, null before the first."""

    release = serializers.IntegerField(source="current_release.number", default=None, allow_null=True)
    image = serializers.CharField(source="current_release.image", default=None, allow_null=True)
    released_by = serializers.CharField(source="current_release.created_by_name", default=None, allow_null=True)
    released_at = serializers.DateTimeField(source="current_release.created_at", default=None, allow_null=True)
    health = serializers.CharField(source="status.health", default="Unknown")
    clusters = serializers.ListField(source="cluster_names", child=serializers.CharField(), read_only=True)

    class Meta:
        model = Environment
        fields = ["id", "name", "health", "release", "image", "released_by", "released_at", "clusters"]
        read_only_fields = fields


class ApplicationOut(serializers.ModelSerializer[Application]):
    """An application with its environments."""

    project = serializers.CharField(source="project.name")
    team = serializers.CharField(source="project.team.name")
    state = serializers.ChoiceField(["Active", "Retiring", "Retired"])
    environments = EnvironmentBriefOut(source="live_environments", many=True)

    class Meta:
        model = Application
        fields = [
            "id",
            "name",
            "project",
            "team",
            "state",
            "environments",
            "version",
            "created_at",
            "updated_at",
            "retired_at",
        ]
        read_only_fields = fields


@extend_schema_field({"type": ["object", "null"], "additionalProperties": {}})
class AppFileField(serializers.JSONField):
    """As it was sent; null before the first deploy."""


class ApplicationDetailOut(ApplicationOut):
    """The same with the app file as it was last accepted."""

    appFile = AppFileField(source="app_file")

    class Meta(ApplicationOut.Meta):
        fields = [*ApplicationOut.Meta.fields, "appFile"]
        read_only_fields = fields


class DeployIn(ReasonIn):
    """An app file, and which of its environments are meant."""

    appFile = serializers.JSONField(help_text="See /api/v1/app-file-schema/.")
    environments = serializers.ListField(
        child=serializers.CharField(max_length=63), required=False, help_text="Those of the file if left out."
    )
    override_freeze = serializers.BooleanField(
        required=False, default=False, help_text="In spite of a freeze; for owners, with a reason."
    )


class DeploymentOut(ApplicationDetailOut):
    """The application after a deploy, and what the deploy came to."""

    deployed = serializers.SerializerMethodField()
    unchanged = serializers.SerializerMethodField()
    proposed = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()

    class Meta(ApplicationDetailOut.Meta):
        fields = [*ApplicationDetailOut.Meta.fields, "deployed", "unchanged", "proposed", "notes"]
        read_only_fields = fields

    def get_deployed(self, application: Application) -> dict[str, int]:
        """New releases: their number by environment."""
        return {each.environment.name: each.number for each in self.context["deployment"].releases}

    def get_unchanged(self, application: Application) -> list[str]:
        """Environments that were as declared already."""
        return list(self.context["deployment"].unchanged)

    def get_proposed(self, application: Application) -> dict[str, str]:
        """What waits for a second person: the id of the approval by environment, each protected."""
        return {each.environment.name: str(each.pk) for each in self.context["deployment"].proposals}

    def get_notes(self, application: Application) -> list[str]:
        """What is worth knowing."""
        return list(self.context["deployment"].notes)


class StatusObjectOut(serializers.Serializer[Any]):
    """An object on a cluster; `id` is "Kind/name"."""

    id = serializers.CharField()
    oid = serializers.CharField()
    health = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()


class StatusWorkOut(serializers.Serializer[Any]):
    """A Work of an environment: "ground" is its namespace, "application" what runs in it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    intent = serializers.CharField()
    generation = serializers.IntegerField()
    observed_generation = serializers.IntegerField()
    health = serializers.CharField()
    conditions = ConditionOut(many=True)
    reported = serializers.DictField()
    objects = StatusObjectOut(many=True)


class StatusClusterOut(serializers.Serializer[Any]):
    """An environment on one cluster; `conditions` keep anything from being delivered there."""

    name = serializers.CharField()
    health = serializers.CharField()
    conditions = ConditionOut(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    works = StatusWorkOut(many=True)


class StatusEnvironmentOut(serializers.Serializer[Any]):
    """An environment as it is now. `observed`: all that is desired has been attempted."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    release = serializers.IntegerField(allow_null=True)
    image = serializers.CharField(allow_null=True)
    generation = serializers.IntegerField()
    observed = serializers.BooleanField()
    health = serializers.CharField()
    conditions = ConditionOut(many=True)
    clusters = StatusClusterOut(many=True)


class StatusOut(serializers.Serializer[Any]):
    """An application as it is now."""

    application = serializers.CharField()
    project = serializers.CharField()
    state = serializers.CharField()
    environments = StatusEnvironmentOut(many=True)


class ReleaseOut(serializers.ModelSerializer[Release]):
    """A release. `rolled_back_to` is the number of the release whose content it repeats; `secrets` {name: version}."""

    environment = serializers.CharField(source="environment.name")
    environment_id = serializers.UUIDField()
    application = serializers.CharField(source="environment.application.name")
    project = serializers.CharField(source="environment.application.project.name")
    created_by = serializers.CharField(source="created_by_name")
    rolled_back_to = serializers.IntegerField(source="rolled_back_to.number", default=None, allow_null=True)

    class Meta:
        model = Release
        fields = [
            "id",
            "number",
            "environment",
            "environment_id",
            "application",
            "project",
            "image",
            "secrets",
            "created_by",
            "created_at",
            "reason",
            "rolled_back_to",
        ]
        read_only_fields = fields


class ReleaseDetailOut(ReleaseOut):
    """The same with what was declared and what that came to."""

    spec = serializers.JSONField()
    appFile = serializers.JSONField(source="app_file")

    class Meta(ReleaseOut.Meta):
        fields = [*ReleaseOut.Meta.fields, "spec", "appFile"]
        read_only_fields = fields


class RollbackIn(ReasonIn):
    """Which environment, and to which release: its number or id; the one before the current if left out."""

    environment = serializers.CharField(max_length=63)
    release = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)


class RollbackOut(ReleaseOut):
    """The new release, and what is worth knowing."""

    notes = serializers.SerializerMethodField()

    class Meta(ReleaseOut.Meta):
        fields = [*ReleaseOut.Meta.fields, "notes"]
        read_only_fields = fields

    def get_notes(self, release: Release) -> list[str]:
        """Replaced secret versions, routes left out."""
        return list(self.context["notes"])


class RetireIn(ReasonIn):
    """The name typed out, and why."""

    confirm = serializers.CharField(max_length=63, allow_blank=True)


class ApproveIn(ReasonIn):
    """Why, and whether in spite of a freeze."""

    override_freeze = serializers.BooleanField(required=False, default=False, help_text="For owners, with a reason.")


class RunIn(ReasonIn):
    """A run of a schedule."""

    cluster = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=63, help_text="On this cluster only; else on all."
    )


class RunOut(serializers.Serializer[Any]):
    """A run of a schedule that has been asked for."""

    number = serializers.IntegerField()
    job = serializers.CharField(help_text="The name of its Job, on each cluster.")
    clusters = serializers.SerializerMethodField()

    def get_clusters(self, run: Run) -> list[str]:
        """Where."""
        return [work.cluster.name for work in run.works]


class SeenRunOut(serializers.Serializer[Any]):
    """A run of a schedule on one cluster, as far as it was seen. `number` is that of a run by hand, null of one by the
    clock.
    """

    job = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    verdict = serializers.ChoiceField(["Succeeded", "Failed", "Running"])
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.IntegerField(allow_null=True)
    message = serializers.CharField(help_text="Why it failed; empty elsewhere.")
    pods = serializers.ListField(child=serializers.CharField(), help_text="Whose logs are its own.")


class ScheduleOut(serializers.Serializer[Any]):
    """A schedule on one cluster, how it fares there, and the runs that the cluster still has, the latest first."""

    name = serializers.CharField()
    cluster = serializers.CharField()
    cron = serializers.CharField()
    time_zone = serializers.CharField()
    suspended = serializers.BooleanField()
    health = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()
    runs = SeenRunOut(many=True)


class NotesOut(serializers.Serializer[Any]):
    """What is worth knowing."""

    notes = serializers.ListField(child=serializers.CharField())


class EnvironmentIn(serializers.Serializer[Any]):
    """An environment before its first deploy, so that secrets can be stored; its application is made with it."""

    project = serializers.CharField(max_length=63)
    application = serializers.CharField(max_length=63)
    name = serializers.CharField(max_length=63)


class EnvironmentOut(serializers.ModelSerializer[Environment]):
    """An environment; its full status is `applications/{id}/status/`."""

    application = serializers.CharField(source="application.name")
    application_id = serializers.UUIDField()
    project = serializers.CharField(source="application.project.name")
    team = serializers.CharField(source="application.project.team.name")
    release = serializers.IntegerField(source="current_release.number", default=None, allow_null=True)
    image = serializers.CharField(source="current_release.image", default=None, allow_null=True)
    health = serializers.CharField(source="status.health", default="Unknown")
    observed_generation = serializers.IntegerField(source="status.observed_generation", default=0)
    conditions = serializers.SerializerMethodField()
    clusters = serializers.SerializerMethodField()

    class Meta:
        model = Environment
        fields = [
            "id",
            "name",
            "application",
            "application_id",
            "project",
            "team",
            "namespace",
            "placement",
            "protected",
            "clusters",
            "release",
            "image",
            "generation",
            "observed_generation",
            "health",
            "conditions",
            "version",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    @extend_schema_field(ConditionOut(many=True))
    def get_conditions(self, environment: Environment) -> Any:
        """As they were last added up."""
        return judged(environment.status.conditions) if hasattr(environment, "status") else []

    def get_clusters(self, environment: Environment) -> list[str]:
        """Where it is placed, by name."""
        return sorted(each.cluster.name for each in environment.placements.all())
