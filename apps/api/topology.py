"""What an application is made of, as the API says it: objects, what they lead to, and the pods behind them.

`GET /api/v1/environments/{id}/topology/`; the tree and the graph of the console are made of the same.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps import selectors
from apps.models import Environment
from apps.topology import Part
from clusters.pods import MOST


class PodOut(serializers.Serializer[Any]):
    """A pod as it was last seen. `ready` of its `containers` are; `image` is that of the process."""

    name = serializers.CharField()
    image = serializers.CharField()
    node = serializers.CharField(help_text="Empty while it has none.")
    phase = serializers.CharField()
    health = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()
    ready = serializers.IntegerField()
    containers = serializers.IntegerField()
    restarts = serializers.IntegerField()
    created_at = serializers.CharField()


class PodsOut(serializers.Serializer[Any]):
    """The pods of a workload."""

    total = serializers.IntegerField()
    changed_at = serializers.DateTimeField()
    items = PodOut(many=True, source="pods", help_text=f"The worst first, at most {MOST} of `total`.")


class TopologyObjectOut(serializers.Serializer[Any]):
    """An object. `leads_to` stands behind it, its pods are `bound_to` the others; all are ids of this list."""

    id = serializers.CharField(help_text="group/Kind/namespace/name")
    health = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    leads_to = serializers.ListField(child=serializers.CharField())
    bound_to = serializers.ListField(child=serializers.CharField())
    images = serializers.ListField(child=serializers.CharField())
    replicas = serializers.IntegerField(allow_null=True, help_text="As declared; null where it is not.")
    pods = PodsOut(allow_null=True, help_text="Null where none was seen.")


class TopologyOut(serializers.Serializer[Any]):
    """The environment on one cluster."""

    cluster = serializers.CharField()
    health = serializers.CharField()
    objects = TopologyObjectOut(many=True)


def topology_of(environment: Environment) -> list[dict[str, Any]]:
    """`TopologyOut` values, a cluster each: its objects in the order of their ids."""
    status = selectors.environment_status(environment)
    found = selectors.topology([environment.pk])
    return [
        {"cluster": cluster["name"], "health": cluster["health"], "objects": _objects(cluster["works"], found)}
        for cluster in status["clusters"]
    ]


def _objects(works: list[dict[str, Any]], found: selectors.Topology) -> list[dict[str, Any]]:
    told = []
    for work in works:
        seen = {each["oid"]: each for each in work["objects"]}
        parts = found.trees[work["id"]].parts if work["id"] in found.trees else {}
        for oid in {*seen, *parts}:
            key = work["id"], oid
            told.append(
                _object(oid, parts.get(oid, Part(oid)), seen.get(oid, {}), found.since.get(key), found.pods.get(key))
            )
    return sorted(told, key=lambda each: str(each["id"]))


def _object(oid: str, part: Part, seen: dict[str, Any], since: Any, pods: Any) -> dict[str, Any]:
    return {
        "id": oid,
        "health": seen.get("health", "Unknown"),
        "reason": seen.get("reason", "NotWritten"),
        "message": seen.get("message", ""),
        "since": since,
        "leads_to": part.below,
        "bound_to": part.bound,
        "images": part.images,
        "replicas": part.replicas,
        "pods": pods,
    }
