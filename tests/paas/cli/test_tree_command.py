"""`dougong tree`: what an application is made of, down to its pods."""

from datetime import UTC, datetime

import pytest
from rich.console import Console

from paas.cli import topology

POD = {
    "name": "hello-web-1", "image": "hello:1", "node": "worker-1", "phase": "Running", "health": "Healthy",
    "reason": "Ready", "message": "", "ready": 1, "containers": 1, "restarts": 0, "created_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
ILL = {
    **POD, "name": "hello-web-2", "health": "Degraded", "reason": "CrashLoopBackOff", "message": "It crashed",
    "ready": 0, "restarts": 3,
}  # fmt: skip


def thing(id_, health="Healthy", leads_to=(), images=(), pods=None, reason="Available"):
    return {
        "id": id_, "health": health, "reason": reason, "message": "", "since": None, "leads_to": list(leads_to),
        "bound_to": [], "images": list(images), "replicas": None, "pods": pods,
    }  # fmt: skip


WEB, SERVICE = "apps/Deployment/ns/hello-web", "core/Service/ns/hello-web"
CLUSTER = {
    "cluster": "east", "health": "Degraded",
    "objects": [
        thing(WEB, "Degraded", images=["hello:1"], pods={"total": 60, "items": [ILL, POD]}, reason="Rollout"),
        thing("core/ConfigMap/ns/settings"),
        thing("core/ConfigMap/ns/broken", "Missing", reason="NotFound"),
        thing(SERVICE, leads_to=[WEB]),
    ],
}  # fmt: skip


@pytest.fixture
def hello(signed_in):
    environments = [{"id": "e-1", "name": "prod"}, {"id": "e-2", "name": "test"}]
    made = {"id": "a-1", "name": "hello", "project": "shop", "environments": environments}
    signed_in.on("GET", "/api/v1/applications/", {"results": [made], "next": None})
    signed_in.on("GET", "/api/v1/environments/e-1/topology/", [CLUSTER])
    signed_in.on("GET", "/api/v1/environments/e-2/topology/", [])
    return made


def shown(*environments):
    console = Console(width=200, color_system=None)
    with console.capture() as said:
        console.print(topology.tree("hello", environments, datetime(2026, 1, 1, 2, tzinfo=UTC)))
    return [each.strip("│├└─ ") for each in said.get().splitlines()]


def test_from_the_service_to_the_pods():
    assert shown({"environment": "prod", "clusters": [CLUSTER]}) == [
        "hello",
        "prod",
        "east Degraded",
        "Service/hello-web Healthy",
        "Deployment/hello-web Degraded Rollout",
        "pod/hello-web-2 Degraded CrashLoopBackOff It crashed, 0/1 ready, 3 restarts, hello:1, on worker-1, 2 h",
        "pod/hello-web-1 Healthy 1/1 ready, hello:1, on worker-1, 2 h",
        "and 58 more pods",
        "ConfigMap/broken Missing NotFound",
    ]


def test_every_environment_or_one(run, hello):
    both = run("tree", "hello", "-o", "json").json
    assert [each["environment"] for each in both] == ["prod", "test"]
    [one] = run("tree", "shop/hello", "-e", "prod", "-o", "json").json
    assert one["clusters"] == [CLUSTER]


def test_names_of_pods(run, hello):
    assert run("tree", "hello", "-o", "name").out.split() == ["prod/east/hello-web-2", "prod/east/hello-web-1"]


def test_an_environment_that_is_not_there(run, hello):
    assert run("tree", "hello", "-e", "nowhere").code == 3
