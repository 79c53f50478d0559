"""The applications of the bench: real app files through the real renderer, five objects each, the same for everybody.

A process `web` behind a port and a process `worker`, both with no replica, a configuration for all and one for `web`:
two Deployments, a Service and two ConfigMaps. No pod starts, so what is timed is delivery; no route, since its health
is the gateway's speed, not ours.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps import appfile
from apps.ground import Owners, ground
from apps.render import render
from apps.spec import AppSpec
from clusters.kinds import WELL_KNOWN
from clusters.manifests import LABEL_OWNER, Body, Manifest, stamped
from clusters.target import ClusterTarget

PROJECT = "bench"
SELECTOR = f"app.kubernetes.io/part-of={PROJECT}"
ENVIRONMENT = "production"
RELEASE = "r1"
NAMESPACES = 40
OBJECTS = 5
IMAGE = f"registry.example/bench@sha256:{'0' * 64}"
# As long as the label that our watcher selects by, and not it: nobody works while another is timed.
LABEL_TWIN = "dougong.dev/twin"
KINDS = tuple(WELL_KNOWN[kind] for kind in (("apps/v1", "Deployment"), ("v1", "Service"), ("v1", "ConfigMap")))


@dataclass(frozen=True)
class Application:
    """One application of the bench."""

    number: int
    namespace: str
    spec: AppSpec

    @property
    def owner_id(self) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"bench/{self.spec.application}")

    def manifests(self, target: ClusterTarget) -> tuple[Manifest, ...]:
        """Rendered anew, exactly five objects."""
        found = render(self.spec, target).manifests
        assert len(found) == OBJECTS, f"{len(found)} objects: the blocks render otherwise than the bench expects"
        return found


def namespaces() -> list[str]:
    return [f"bench-{number:02}" for number in range(NAMESPACES)]


def applications(count: int, *, release: str = RELEASE) -> list[Application]:
    """Spread evenly over the namespaces. Another release is another command line of `web`, and nothing else."""
    return [_application(number, release) for number in range(count)]


def _application(number: int, release: str) -> Application:
    namespace = f"bench-{number % NAMESPACES:02}"
    common = {"cpu": "50m", "memory": "64Mi", "replicas": 0}
    document = {
        "name": f"app-{number:04}",
        "project": PROJECT,
        "image": IMAGE,
        "environments": {ENVIRONMENT: {"clusters": ["east"]}},
        "blocks": [
            {"process": {"name": "web", "args": ["serve", release], "probe_path": "/healthz", **common}},
            {"process": {"name": "worker", "args": ["work"], **common}},
            {"port": {"process": "web", "port": 8080}},
            {"config": {"values": {"NUMBER": f"{number}", "GREETING": "hello", "LOG_LEVEL": "info"}}},
            {"config": {"process": "web", "values": {"CACHE_SECONDS": "60", "TITLE": f"Application {number}"}}},
        ],
    }
    spec = appfile.spec_for(appfile.validate(document), ENVIRONMENT, team=PROJECT, namespace=namespace, release=release)
    return Application(number, namespace, spec)


def ground_of(namespace: str, target: ClusterTarget) -> tuple[uuid.UUID, tuple[Manifest, ...]]:
    """The owner's id and the manifests of a namespace of the bench."""
    owner_id = uuid.uuid5(uuid.NAMESPACE_URL, f"bench/{namespace}")
    return owner_id, ground(namespace, Owners(PROJECT, PROJECT, namespace, ENVIRONMENT, str(owner_id)), target)


def twins(found: Iterable[Application], target: ClusterTarget) -> Iterator[Body]:
    """The bodies as the loop sends them, stamped with a claim that nobody holds: what the contenders apply."""
    for each in found:
        for manifest in each.manifests(target):
            marks = {LABEL_OWNER: str(each.owner_id), LABEL_TWIN: str(uuid.uuid4())}
            metadata = {**manifest.body["metadata"], "labels": {**manifest.body["metadata"]["labels"], **marks}}
            annotations = {"dougong.dev/generation": "1", "dougong.dev/release": each.spec.release}
            yield stamped(
                {**manifest.body, "metadata": metadata}, claim=secrets.token_hex(16), epoch=1, annotations=annotations
            )


def path_of(body: Mapping[str, Any]) -> str:
    """Where the object is read and applied."""
    metadata = body["metadata"]
    return WELL_KNOWN[body["apiVersion"], body["kind"]].path(metadata["namespace"], metadata["name"])


def says(declared: Any, live: Any) -> bool:
    """Whether the live value holds all that is declared; what the server adds is its own."""
    if isinstance(declared, dict):
        return isinstance(live, dict) and all(key in live and says(part, live[key]) for key, part in declared.items())
    if isinstance(declared, list):
        return (
            isinstance(live, list)
            and len(declared) == len(live)
            and all(says(one, other) for one, other in zip(declared, live, strict=True))
        )
    return bool(declared == live)
