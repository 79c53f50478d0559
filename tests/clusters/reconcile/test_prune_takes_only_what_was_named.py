"""Prune: what a stored change named goes once the generation is Healthy, by uid; everything else is held or kept."""

import pytest
from django.db import transaction

from clusters.manifests import ObjectId, manifest
from clusters.models import Cluster, OwnedObject, Work
from clusters.reconcile.wire import Wire
from clusters.work import release_held
from paas.core.models import AuditEvent
from paas.identity import services

NEVER_PULLED = "198.18.0.1:1/never/there:1"


@pytest.fixture
def delivered(submit, until, healthy, ground, config):
    """A and B, live."""
    work = submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    until(lambda: healthy(work))
    return work


@pytest.fixture
def operator(db):
    admin = services.bootstrap_admin(username="admin", password="a long password")
    user = services.create_user(username="oscar", password="oscar likes dumplings", actor=admin)
    services.set_operator(user=user, operator=True, actor=admin)
    return user


@pytest.fixture
def release(operator):
    """release(work, *ids): a person names them."""

    def name(work, *ids):
        with transaction.atomic():
            release_held(work=work, ids=ids, actor=operator, reason="no longer needed")

    return name


def test_a_dropped_object_goes(delivered, submit, drain, healthy, ground, config, live, oid):
    submit("application", [*ground, config("a", key="1")])
    drain()
    assert live("ConfigMap", "b") is None
    assert live("ConfigMap", "a") is not None
    assert OwnedObject.objects.get(oid=str(oid("ConfigMap", "b"))).gone_at is not None
    assert healthy(delivered)


def test_it_stays_until_the_generation_is_healthy(delivered, submit, drain, sweep, ground, config, deployment, live):
    work = submit("application", [*ground, config("a", key="1"), deployment(image=NEVER_PULLED)])
    drain()
    sweep()
    assert live("Deployment", "web") is not None
    assert live("ConfigMap", "b") is not None
    work.refresh_from_db()
    assert "WouldPrune" not in work.reported


def test_an_autoscaler_goes_before_its_workload_says_replicas_itself(
    monkeypatch, submit, until, drain, ground, deployment, live, namespace
):
    """Otherwise the two would set each other's number back till all is Healthy, which these never are."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaler = {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4},
    }  # fmt: skip
    written = []

    def spied(name):
        original = getattr(Wire, name)

        def call(wire, resource, *given, **named):
            written.append((name, resource.kind))
            return original(wire, resource, *given, **named)

        monkeypatch.setattr(Wire, name, call)

    submit("application", [*ground, deployment(replicas=None), manifest(scaler)])
    until(lambda: live("HorizontalPodAutoscaler", "web") is not None)
    spied("apply")
    spied("delete")
    submit("application", [*ground, deployment(replicas=1, image="registry.invalid/a:1")])
    drain()
    assert written[:2] == [("delete", "HorizontalPodAutoscaler"), ("apply", "Deployment")]
    assert live("HorizontalPodAutoscaler", "web") is None
    assert live("Deployment", "web")["spec"]["replicas"] == 1


def test_past_its_deadline_a_generation_lists_what_would_go_and_a_person_may_let_it_go_first(
    delivered, submit, drain, sweep, make_due, release, ground, config, deployment, live, oid, condition
):
    work = submit("application", [*ground, config("a", key="1"), deployment(image=NEVER_PULLED)])
    drain()
    Work.objects.update(deadline_at=work.created_at)
    sweep()
    work.refresh_from_db()
    assert condition(work, "DeadlineExceeded") is not None
    assert work.reported["WouldPrune"] == [{"id": str(oid("ConfigMap", "b"))}]
    release(work, oid("ConfigMap", "b"))
    drain()
    assert live("ConfigMap", "b") is None
    assert live("ConfigMap", "a") is not None


def test_back_and_forth_before_the_prune_leaves_what_is_desired(
    delivered, submit, drain, healthy, ground, config, live, row, oid
):
    before = live("ConfigMap", "b")["metadata"]["uid"]
    submit("application", [*ground, config("a", key="1"), config("c", key="1")])
    submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    drain()
    assert live("ConfigMap", "b")["metadata"]["uid"] == before
    assert live("ConfigMap", "c") is None
    assert healthy(delivered)


def test_back_and_forth_after_the_prune_makes_it_anew(delivered, submit, drain, sweep, healthy, ground, config, live):
    before = live("ConfigMap", "b")["metadata"]["uid"]
    submit("application", [*ground, config("a", key="1"), config("c", key="1")])
    drain()
    submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    drain()
    sweep()
    assert live("ConfigMap", "b")["metadata"]["uid"] != before
    assert live("ConfigMap", "c") is None
    assert healthy(delivered)


def test_what_no_stored_change_named_is_held_until_a_person_names_it(
    delivered, submit, drain, sweep, release, healthy, ground, config, live, oid, condition
):
    submit("application", [*ground, config("a", key="2")])
    Work.objects.update(removable=[])  # as after a database restored from before the change
    drain()
    assert live("ConfigMap", "b") is not None
    assert live("ConfigMap", "a")["data"] == {"key": "2"}
    assert condition(delivered, "PruneHeld")["reason"] == "NotNamed"
    delivered.refresh_from_db()
    assert delivered.reported["PruneHeld"] == [{"id": str(oid("ConfigMap", "b"))}]
    release(delivered, oid("ConfigMap", "b"))
    drain()
    assert live("ConfigMap", "b") is None
    assert condition(delivered, "PruneHeld") is None
    assert AuditEvent.objects.filter(action="work.release_held", actor_name="oscar").exists()


def test_a_protected_object_goes_only_when_a_person_names_it(
    submit, until, healthy, drain, release, ground, namespace, live, oid, condition, admin
):
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Mi"}}}
    metadata = {"name": "data", "namespace": namespace}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    work = submit("application", [*ground, manifest(claim)])
    drain()
    submit("application", ground)
    drain()
    assert live("PersistentVolumeClaim", "data") is not None
    assert condition(work, "PruneHeld") is not None
    release(work, oid("PersistentVolumeClaim", "data"))
    until(lambda: live("PersistentVolumeClaim", "data") is None)
    until(lambda: healthy(work))
    assert condition(work, "PruneHeld") is None


def test_a_config_that_a_replica_set_still_names_stays_until_it_does_not(
    submit, until, healthy, sweep, ground, config, deployment, admin, live, row, oid
):
    """Two live ReplicaSets name different ones; the older goes when its ReplicaSet is scaled away."""
    work = submit("application", [*ground, config("v1", key="1"), deployment(config="v1")])
    until(lambda: healthy(work))
    # A bare ReplicaSet that outlives the change, as an unfinished rollout would leave one.
    template = live("Deployment", "web")["spec"]["template"]
    labels = {"app": "old"}
    old = {
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "old", "namespace": oid("Namespace").name},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {**template, "metadata": {"labels": labels}},
        },
    }  # fmt: skip
    assert old["spec"]["template"]["spec"]["containers"][0]["envFrom"] == [{"configMapRef": {"name": "v1"}}]
    admin.create(old)
    submit("application", [*ground, config("v2", key="2"), deployment(config="v2")])
    until(lambda: healthy(work))
    sweep()
    assert live("ConfigMap", "v1") is not None
    assert row(oid("ConfigMap", "v1")).reason == "StillNamed"
    admin.scale(oid("ReplicaSet", "old"), 0)
    until(lambda: live("ConfigMap", "v1") is None)


def test_an_object_that_somebody_else_made_anew_is_not_pruned(
    delivered, submit, drain, ground, config, admin, live, oid
):
    admin.delete(oid("ConfigMap", "b"))
    metadata = {"name": "b", "namespace": oid("Namespace").name}
    before = admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"other": "1"}})
    submit("application", [*ground, config("a", key="1")])
    drain()
    assert live("ConfigMap", "b") == before


def test_an_unrecorded_object_is_pruned_by_its_claim(delivered, submit, drain, ground, config, live, oid):
    OwnedObject.objects.filter(oid=str(oid("ConfigMap", "b"))).update(uid="", sent_digest="", live_digest="")
    submit("application", [*ground, config("a", key="1")])
    drain()
    assert live("ConfigMap", "b") is None


def test_another_cluster_behind_the_address_loses_nothing(delivered, submit, drain, ground, config, live, cluster):
    Cluster.objects.filter(pk=cluster.pk).update(identity="of-another-cluster")
    work = submit("application", [*ground, config("a", key="2")])
    drain()
    cluster.refresh_from_db()
    assert cluster.failures == 3
    assert cluster.breaker_until is not None
    assert live("ConfigMap", "b") is not None
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    work.refresh_from_db()
    assert work.observed_generation == work.generation - 1


def test_ids_leave_the_removable_set_when_they_are_gone(delivered, submit, drain, ground, config, oid):
    submit("application", [*ground, config("a", key="1")])
    drain()
    work = submit("application", [*ground, config("a", key="2")])
    assert ObjectId.parse(str(oid("ConfigMap", "b"))) not in map(ObjectId.parse, work.removable)
