"""GET environments/{id}/topology/: what leads to what, and the pods behind it, for those who may view."""

import pytest

from apps.models import Environment
from clusters.models import OwnedObject, Work, WorkloadPods

POD = {
    "name": "hello-web-1", "image": "hello:1", "node": "worker-1", "phase": "Running", "health": "Healthy",
    "reason": "Ready", "message": "", "ready": 1, "containers": 1, "restarts": 2, "created_at": "2026-01-01T00:00:00Z",
}  # fmt: skip


@pytest.fixture
def address(deploy):
    deploy()
    return f"/api/v1/environments/{Environment.objects.get().pk}/topology/"


@pytest.fixture
def workload(address):
    """The Deployment, seen with seventy pods."""
    work = Work.objects.get(name="application")
    namespace = Environment.objects.get().namespace
    oid = f"apps/Deployment/{namespace}/hello-web"
    made = OwnedObject.objects.create(
        work=work, cluster=work.cluster, oid=oid, api_version="apps/v1", claim="c", health="Healthy", reason="Available"
    )
    WorkloadPods.objects.create(cluster=work.cluster, oid=oid, namespace=namespace, total=70, pods=[POD])
    return made


def test_from_the_route_to_the_pods(api, address, workload, viewer):
    answer = api(viewer).get(address)
    assert answer.status_code == 200
    [cluster] = answer.json()
    assert cluster["cluster"] == "east"
    objects = {each["id"]: each for each in cluster["objects"]}
    route = next(each for oid, each in objects.items() if "/HTTPRoute/" in oid)
    [service] = route["leads_to"]
    assert objects[service]["leads_to"] == [workload.oid]
    told = objects[workload.oid]
    assert (told["health"], told["replicas"]) == ("Healthy", 1)
    assert {*told["bound_to"]} <= {*objects}
    assert told["pods"]["total"] == 70
    assert told["pods"]["items"] == [POD]
    assert objects[service]["pods"] is None
    assert (objects[service]["reason"], objects[service]["since"]) == ("NotWritten", None)


def test_pods_of_another_cluster_are_not_told(api, address, workload, west, viewer):
    WorkloadPods.objects.update(cluster=west)
    [cluster] = api(viewer).get(address).json()
    assert {each["id"] for each in cluster["objects"] if each["pods"]} == set()


def test_a_stranger_sees_nothing(api, address, stranger):
    assert api(stranger).get(address).status_code == 404
