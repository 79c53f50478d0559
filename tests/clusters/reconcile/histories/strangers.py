"""What people and other controllers made in our namespaces or under our names, and that nobody touched it (I2)."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from clusters.faults import ApiRefused
from clusters.manifests import Manifest, ObjectId
from clusters.reconcile.release import ANNOTATION_RELEASED
from tests.clusters.reconcile.histories.world import World

Body = dict[str, Any]
Key = tuple[str, ObjectId]
"""A cluster's name and an object on it."""

# Of these the cluster's own controllers write the status.
WITH_STATUS = ("Deployment", "HTTPRoute", "Namespace", "PodDisruptionBudget", "ResourceQuota")


@dataclass
class Strangers:
    """The foreign objects that there are, as they were made."""

    world: World
    there: dict[Key, Body] = field(default_factory=dict)
    in_the_way: set[Key] = field(default_factory=set)
    # Came when the namespace had been given up, and was not ours to tell about any more.
    afterwards: set[Key] = field(default_factory=set)

    def make(self, cluster: str, body: Body) -> bool:
        """Somebody creates it; False where the API server does not let them (a namespace that is going, say)."""
        admin = self.world.places[cluster].admin
        try:
            made = admin.create(body)
        except ApiRefused:
            return False
        key = (cluster, ObjectId.of(made))
        self.there[key] = content(made)
        namespace = admin.get(ObjectId("", "Namespace", "", key[1].namespace))
        if ANNOTATION_RELEASED in namespace["metadata"].get("annotations", {}):
            self.afterwards.add(key)
        return True

    def replace(self, cluster: str, manifest: Manifest, labels: dict[str, str]) -> None:
        """Somebody deletes what is ours, if it is there, and creates their own of the same kind and name."""
        key = (cluster, manifest.id)
        if key not in self.there:
            self.world.places[cluster].admin.delete(manifest.id)
            if self.make(cluster, in_place_of(manifest.body, labels)):
                self.in_the_way.add(key)

    def make_way(self) -> None:
        """Who took a name of ours gives it back."""
        for cluster, oid in self.in_the_way & set(self.there):
            self.world.places[cluster].admin.delete(oid)
            del self.there[cluster, oid]

    def on(self, cluster: str) -> dict[ObjectId, str]:
        """Those of one cluster, with their uids."""
        return {oid: body["metadata"]["uid"] for (name, oid), body in self.there.items() if name == cluster}

    def to_be_told(self, cluster: str) -> set[str]:
        """Those of one cluster that the retirement has to name: they were there before it gave the namespace up."""
        return {str(oid) for name, oid in self.there.keys() - self.afterwards if name == cluster}

    def go_with(self, cluster: str, namespace: str) -> None:
        """Their own people delete the namespace around them."""
        self.there = {
            (name, oid): body
            for (name, oid), body in self.there.items()
            if name != cluster or namespace not in (oid.namespace, oid.name)
        }

    def check(self) -> None:
        """Each is still there, to the last field."""
        for (cluster, oid), before in self.there.items():
            live = self.world.places[cluster].admin.get(oid)
            assert live is not None, f"a foreign object was removed: {cluster} {oid}"
            assert content(live) == before, f"a foreign object was changed: {cluster} {oid}"


def content(live: Body) -> Body:
    """The object without what the cluster's own controllers write to it."""
    if live["kind"] not in WITH_STATUS:
        return live
    body = {key: value for key, value in copy.deepcopy(live).items() if key != "status"}
    metadata = body["metadata"]
    metadata.pop("resourceVersion")
    said = metadata.pop("annotations", {})
    metadata["annotations"] = {key: value for key, value in said.items() if "kubernetes.io/" not in key}
    metadata["managedFields"] = [each for each in metadata["managedFields"] if each.get("subresource") != "status"]
    if live["kind"] == "Deployment":
        metadata["managedFields"] = [each for each in metadata["managedFields"] if each["operation"] != "Update"]
    if live["kind"] == "Namespace":
        metadata.pop("managedFields")
    return body


def in_place_of(manifest: Body, labels: dict[str, str]) -> Body:
    """Somebody else's object of the same kind and name."""
    body = copy.deepcopy(manifest)
    metadata = {"name": body["metadata"]["name"], "labels": {"made-by": "somebody-else", **labels}}
    if "namespace" in body["metadata"]:
        metadata["namespace"] = body["metadata"]["namespace"]
    return {**body, "metadata": metadata}


def visitor(kind: str, namespace: str, name: str, labels: dict[str, str]) -> Body:
    """Somebody else's object of a name of its own."""
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    parts: dict[str, Body] = {
        "ConfigMap": {"data": {"key": "theirs"}},
        "Service": {"spec": {"ports": [{"port": 80}], "selector": {"app": name}}},
        "ServiceAccount": {},
    }
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **parts[kind]}
