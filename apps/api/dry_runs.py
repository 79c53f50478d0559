"""What a dry run answers: per environment and cluster, what would be added, changed and removed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from apps.api.scaling import SpreadChangeOut
from apps.changes import ADDED, CHANGED, REMOVED
from apps.services.dry_run import EnvironmentChange

DRY_RUN = OpenApiParameter(
    "dryRun", bool, description="true: do nothing and say what would be done; refusals are those of the real request."
)


def or_dry_run(serializer: Any) -> PolymorphicProxySerializer:
    """The answer of a request that may be a dry run."""
    return PolymorphicProxySerializer(
        f"{serializer.__name__.removesuffix('Out')}OrDryRun", [serializer, DryRunOut], resource_type_field_name=None
    )


class FieldChangeOut(serializers.Serializer[Any]):
    """A field of an object; null where there is nothing."""

    path = serializers.CharField()
    before = serializers.JSONField()
    after = serializers.JSONField()


class ObjectChangeOut(serializers.Serializer[Any]):
    """An object: `fields` of a changed one, else `object`, the whole of it. A Secret has references for values."""

    id = serializers.CharField()
    oid = serializers.CharField()
    change = serializers.ChoiceField([ADDED, CHANGED, REMOVED])
    fields: Any = FieldChangeOut(many=True)  # called so in the answer, whatever a form has of that name
    object = serializers.DictField(allow_null=True)


class ClusterChangeOut(serializers.Serializer[Any]):
    """An environment on one cluster; `unchanged` counts the objects that stay as they are."""

    name = serializers.CharField()
    placed = serializers.ChoiceField(["added", "removed", "kept"])
    objects = serializers.ListField(child=ObjectChangeOut())
    unchanged = serializers.IntegerField()


class NumberChangeOut(serializers.Serializer[Any]):
    """A number now and then, null where there is none."""

    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)


class TextChangeOut(serializers.Serializer[Any]):
    """A text now and then, null where there is none."""

    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class EnvironmentChangeOut(serializers.Serializer[EnvironmentChange]):
    """An environment; `created` where it is not there yet."""

    name = serializers.CharField()
    created = serializers.BooleanField()
    release = serializers.SerializerMethodField()
    image = serializers.SerializerMethodField()
    clusters = serializers.SerializerMethodField()
    spread = serializers.SerializerMethodField()

    @extend_schema_field(NumberChangeOut)
    def get_release(self, change: EnvironmentChange) -> dict[str, Any]:
        """The number of its release."""
        return dict(zip(("before", "after"), change.release, strict=True))

    @extend_schema_field(TextChangeOut)
    def get_image(self, change: EnvironmentChange) -> dict[str, Any]:
        """Of its release."""
        return dict(zip(("before", "after"), change.image, strict=True))

    @extend_schema_field(ClusterChangeOut(many=True))
    def get_clusters(self, change: EnvironmentChange) -> list[dict[str, Any]]:
        """Where it is or would be, by name."""
        return [
            {
                "name": each.name,
                "placed": each.placed,
                "objects": [found.to_json() for found in each.objects],
                "unchanged": each.unchanged,
            }
            for each in change.clusters
        ]

    @extend_schema_field(SpreadChangeOut(many=True))
    def get_spread(self, change: EnvironmentChange) -> list[dict[str, Any]]:
        """How many replicas of each process are and would be desired where."""
        return [
            {
                "process": each.process,
                "parts": [
                    {
                        "cluster": part.cluster,
                        "before": part.before.to_json() if part.before else None,
                        "after": part.after.to_json() if part.after else None,
                    }
                    for part in each.parts
                ],
            }
            for each in change.spread
        ]


class ReplacedOut(serializers.Serializer[Any]):
    """A secret of which a revoked version gives way to its successor."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    successor = serializers.IntegerField()


class DryRunOut(serializers.Serializer[Any]):
    """What would be done. `changed` is false where everything is as declared already."""

    dryRun = serializers.BooleanField(default=True)
    project = serializers.CharField()
    application = serializers.CharField()
    changed = serializers.BooleanField()
    environments = EnvironmentChangeOut(many=True)
    secrets = ReplacedOut(source="replaced", many=True)
    notes = serializers.ListField(child=serializers.CharField())
