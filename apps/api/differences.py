"""In what two releases differ, as the API says it: `GET /api/v1/releases/{id}/differences/?from=`.

The console's page of two releases is made of the same (`apps.admin.differences`).
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.api.dry_runs import NumberChangeOut, ObjectChangeOut, TextChangeOut
from apps.models import Release
from apps.selectors.differences import config_differences, object_differences


class NamedReleaseOut(serializers.Serializer[Any]):
    """Which release, of which environment of its application."""

    id = serializers.UUIDField()
    environment = serializers.CharField()
    number = serializers.IntegerField()


class ConfigDifferenceOut(TextChangeOut):
    """A value of the layers of configuration on these clusters."""

    key = serializers.CharField()
    clusters = serializers.ListField(child=serializers.CharField())


class SecretDifferenceOut(NumberChangeOut):
    """The version of a secret."""

    name = serializers.CharField()


class ClusterDifferencesOut(serializers.Serializer[Any]):
    """The objects that differ on a cluster, or `fault`: why a release can't be rendered for it today."""

    name = serializers.CharField()
    fault = serializers.CharField(allow_blank=True)
    objects = serializers.ListField(child=ObjectChangeOut())


class DifferencesOut(serializers.Serializer[Any]):
    """From one release to another, on the clusters where the latter's environment is now."""

    before = NamedReleaseOut()
    after = NamedReleaseOut()
    changed = serializers.BooleanField(help_text="Whether anything below differs.")
    image = TextChangeOut()
    config = ConfigDifferenceOut(many=True)
    secrets = SecretDifferenceOut(many=True)
    clusters = ClusterDifferencesOut(many=True)


def differences_of(one: Release, other: Release) -> dict[str, Any]:
    """What DifferencesOut takes."""
    secrets = [
        {"name": name, "before": one.secrets.get(name), "after": other.secrets.get(name)}
        for name in sorted({*one.secrets, *other.secrets})
        if one.secrets.get(name) != other.secrets.get(name)
    ]
    config = config_differences(one, other)
    clusters = [
        {"name": each.cluster, "fault": each.fault, "objects": [found.to_json() for found in each.objects]}
        for each in object_differences(one, other, other.environment)
    ]
    differs = secrets or config or one.image != other.image or any(each["objects"] for each in clusters)
    return {
        "before": _named(one),
        "after": _named(other),
        "changed": bool(differs),
        "image": {"before": one.image, "after": other.image},
        "config": config,
        "secrets": secrets,
        "clusters": clusters,
    }


def _named(release: Release) -> dict[str, Any]:
    return {"id": release.pk, "environment": release.environment.name, "number": release.number}
