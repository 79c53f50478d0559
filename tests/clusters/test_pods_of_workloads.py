"""The pods behind workloads, kept for people: bounded, whole, gone when they go, and written on change alone."""

import tracemalloc

import orjson
import pytest

from clusters import observed
from clusters.models import Cluster, OwnedObject, Work, WorkloadPods
from clusters.pods import MOST, seen, workload_of
from clusters.watch.pods import Pods, write
from clusters.watch.stream import Change, Listed

OID = "apps/Deployment/demo/web"


def pod(name="web-7d9f-abcde", ready=True, uid="", owner=("apps/v1", "ReplicaSet", "web-7d9f"), restarts=0, node="n1"):
    api, kind, owner_name = owner
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "demo", "uid": uid or name, "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"pod-template-hash": "7d9f", "app.kubernetes.io/component": "web"},
            "ownerReferences": [{"apiVersion": api, "kind": kind, "name": owner_name, "controller": True}],
        },
        "spec": {
            "nodeName": node,
            "containers": [{"name": "proxy", "image": "proxy:1"}, {"name": "web", "image": "web:2"}],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [
                {"name": "web", "ready": ready, "restartCount": restarts, "state": {"running": {"startedAt": "t"}}},
                {"name": "proxy", "ready": True, "restartCount": 1, "state": {"running": {"startedAt": "t"}}},
            ],
        },
    }  # fmt: skip


@pytest.fixture
def cluster(db):
    return Cluster.objects.create(name="east", server="https://east:6443")


@pytest.fixture
def work(cluster):
    owner = "00000000-0000-0000-0000-000000000007"
    made = Work.objects.create(
        cluster=cluster, owner_kind="tests", owner_id=owner, owner_name="web", name="w", digest=""
    )
    OwnedObject.objects.create(work=made, cluster=cluster, oid=OID, api_version="apps/v1", namespace="demo", claim="c")
    return made


@pytest.fixture
def watched(cluster, work):
    """watched(body, …, gone=…): what came is added and written; returns how many rows were written."""
    found = Pods()

    def see(*bodies, gone=(), uids=None):
        changes = [Change(cluster.pk, each) for each in bodies] + [Change(cluster.pk, each, gone=True) for each in gone]
        found.add(changes if uids is None else [*changes, Listed(cluster.pk, "v1", "Pod", frozenset(uids))])
        return sum(write(cluster_id, batch) for cluster_id, batch in found.take().items())

    see(uids=[])
    see.pods = found
    return see


def rows():
    return {each.oid: (each.total, [one["name"] for one in each.pods]) for each in WorkloadPods.objects.all()}


def test_what_is_told_of_a_pod():
    told = seen(pod(ready=False, restarts=2))
    assert told == {
        "name": "web-7d9f-abcde", "image": "web:2", "node": "n1", "phase": "Running", "health": "Progressing",
        "reason": "NotReady", "message": told["message"], "ready": 1, "containers": 2, "restarts": 3,
        "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    assert "readiness" in told["message"]


def test_what_is_told_of_the_pod_of_a_run():
    found = pod(owner=("batch/v1", "Job", "nightly-29740321"))
    assert (seen(found)["job"], seen(found)["ended_at"]) == ("nightly-29740321", "")
    ends = ("2026-01-01T03:30:05Z", "2026-01-01T03:30:09Z")
    found["status"]["phase"] = "Failed"
    for status, at in zip(found["status"]["containerStatuses"], ends, strict=True):
        status["state"] = {"terminated": {"exitCode": 1, "finishedAt": at}}
    assert seen(found)["ended_at"] == ends[1]


@pytest.mark.parametrize(
    ("owner", "workload"),
    [
        (("apps/v1", "ReplicaSet", "web-7d9f"), "apps/Deployment/demo/web"),
        (("apps/v1", "StatefulSet", "db"), "apps/StatefulSet/demo/db"),
        (("batch/v1", "Job", "once-3"), "batch/Job/demo/once-3"),
        (("batch/v1", "Job", "nightly-29740321"), "batch/CronJob/demo/nightly"),
        (("operators.example/v1", "Shard", "s"), "operators.example/Shard/demo/s"),
        (("", "", ""), ""),
    ],
)
def test_whose_pod_it_is(owner, workload):
    assert workload_of(pod(owner=owner)) == workload


@pytest.mark.parametrize("body", [{}, {"metadata": None}, {"metadata": {"ownerReferences": ["x", 3]}}, {"status": []}])
def test_a_pod_of_nonsense_is_nobody_s(body):
    assert workload_of(body) == ""
    assert seen(body)["phase"] == "Pending"


def test_a_pod_comes_changes_and_goes(watched):
    assert watched(pod()) == 1
    assert rows() == {OID: (1, ["web-7d9f-abcde"])}
    assert watched(pod(ready=False)) == 1
    assert WorkloadPods.objects.get().pods[0]["reason"] == "NotReady"
    assert watched(gone=[pod(ready=False)]) == 1
    assert rows() == {}


def test_nothing_is_written_where_nothing_changed(watched, cluster, django_assert_num_queries):
    watched(pod())
    with django_assert_num_queries(0):
        assert watched(pod()) == 0
    at = WorkloadPods.objects.get().changed_at
    again = Pods()
    again.add([Change(cluster.pk, pod()), Listed(cluster.pk, "v1", "Pod", frozenset({"web-7d9f-abcde"}))])
    with django_assert_num_queries(2):  # a watcher that has just started reads what is there, and that is all
        assert [write(*each) for each in again.take().items()] == [0]
    assert WorkloadPods.objects.get().changed_at == at


def test_what_went_while_nobody_watched(watched, cluster):
    watched(pod("a"), pod("b"))
    watched(uids=["b"])
    assert rows() == {OID: (1, ["b"])}
    again = Pods()
    again.add([Listed(cluster.pk, "v1", "Pod", frozenset())])
    assert [write(*each) for each in again.take().items()] == [1]
    assert rows() == {}


def test_a_cluster_known_in_part_is_not_written(cluster, work):
    found = Pods()
    found.add([Change(cluster.pk, pod())])
    assert found.take() == {}
    found.add([Listed(cluster.pk, "v1", "Pod", frozenset({"web-7d9f-abcde"}))])
    assert [*found.take()] == [cluster.pk]


def test_many_pods_are_counted_and_the_worst_are_told(watched):
    many = [pod(f"web-{number:04}") for number in range(MOST + 40)]
    watched(*many, pod("web-9999", ready=False))
    total, names = rows()[OID]
    assert total == MOST + 41
    assert len(names) == MOST
    assert names[0] == "web-9999"
    assert len(orjson.dumps(WorkloadPods.objects.get().pods)) < MOST * 500


def test_pods_of_what_is_not_ours_are_not_kept(watched):
    assert watched(pod(owner=("apps/v1", "ReplicaSet", "theirs-7d9f"))) == 0
    assert rows() == {}
    watched(pod("a"))
    OwnedObject.objects.update(gone_at="2026-01-01T00:00:00Z")
    assert watched(pod("b")) == 1
    assert rows() == {}


def test_who_looks_is_told(watched, work, monkeypatch):
    told = []
    monkeypatch.setitem(observed._viewers, "tests", told.append)
    watched(pod())
    watched(pod())
    watched(gone=[pod()])
    assert [str(each) for each in told] == [str(work.owner_id)] * 2


def test_a_cluster_that_is_taken_out_takes_its_rows_along(watched, cluster, work):
    watched(pod())
    OwnedObject.objects.all().delete()
    work.delete()
    cluster.delete()
    assert rows() == {}
    assert watched(pod("late")) == 0
    watched.pods.leave(cluster.pk)
    assert watched(pod("later")) == 0


def test_what_could_not_be_written_is_written_later(watched, cluster, work):
    found = watched.pods
    found.add([Change(cluster.pk, pod())])
    for each in found.take().items():
        found.put_back(*each)
    assert watched() == 1


def test_a_pod_costs_the_watcher_less_than_a_kilobyte(cluster, work):
    found = Pods()
    bodies = [pod(f"web-7d9f-{number:05}") for number in range(2000)]
    tracemalloc.start()
    found.add(Change(cluster.pk, orjson.loads(orjson.dumps(each))) for each in bodies)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / len(bodies) < 1024
