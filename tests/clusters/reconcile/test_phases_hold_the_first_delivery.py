"""A phase waits for the one before, on the first delivery of a generation only; later all is repaired at once."""

import pytest

from clusters.manifests import manifest

NEVER_PULLED = "198.18.0.1:1/never/there:1"


@pytest.fixture
def stuck(deployment):
    """stuck(phase) → a Deployment of that phase that never becomes available."""
    return lambda phase: deployment(name="stuck", image=NEVER_PULLED, phase=phase)


def test_a_later_phase_waits_until_the_earlier_has_passed(submit, drain, sweep, ground, config, stuck, live, row, oid):
    work = submit("application", [*ground, stuck(2), config("a", phase=3, key="1")])
    drain()
    sweep(2)
    assert live("Deployment", "stuck") is not None
    assert live("ConfigMap", "a") is None
    assert row(oid("ConfigMap", "a")).reason == "WaitingForPhase"
    assert str(oid("Deployment", "stuck")) in row(oid("ConfigMap", "a")).message
    work.refresh_from_db()
    assert (work.observed_generation, work.settled_generation) == (work.generation, 0)


def test_what_an_unfinished_generation_has_not_changed_is_repaired_at_once(
    submit, until, healthy, drain, sweep, ground, config, deployment, stuck, admin, live, oid
):
    work = submit("application", [*ground, config("a", phase=3, key="1"), config("b", phase=3, key="1")])
    until(lambda: healthy(work))
    submit("application", [*ground, stuck(2), config("a", phase=3, key="1"), config("b", phase=3, key="2")])
    drain()
    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "edited"}})
    sweep()
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    assert live("ConfigMap", "b")["data"] == {"key": "1"}, "the change itself waits for its phase"


def test_what_was_healthy_once_is_repaired_whatever_stands_before_it(
    submit, until, healthy, sweep, ground, config, deployment, admin, live, oid
):
    work = submit("application", [*ground, deployment(phase=2), config("a", phase=3, key="1")])
    until(lambda: healthy(work))
    broken = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": NEVER_PULLED}]}}}}
    admin.merge(oid("Deployment", "web"), broken, content_type="application/strategic-merge-patch+json")
    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "edited"}})
    sweep()
    assert not healthy(work)
    assert live("ConfigMap", "a")["data"] == {"key": "1"}


def test_what_was_delivered_does_not_wait_again_for_a_work_that_breaks(
    submit, until, healthy, sweep, drain, ground, config, stuck, admin, live, oid
):
    base = submit("ground", ground)
    work = submit("application", [config("a", key="1")], waits_for=[base])
    until(lambda: healthy(base, work))
    submit("ground", [*ground, stuck(4)])
    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "edited"}})
    sweep()
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    submit("application", [config("a", key="2")], waits_for=[base])
    drain()
    assert live("ConfigMap", "a")["data"] == {"key": "1"}, "a new generation waits"


def test_a_claim_that_waits_for_its_first_consumer_lets_the_consumer_come(
    submit, until, ground, deployment, namespace, admin, live
):
    metadata = {"name": "waits-for-consumer"}
    storage = {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata,
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer",
    }  # fmt: skip
    path = "/apis/storage.k8s.io/v1/storageclasses"
    admin.request("POST", path, {**storage, "metadata": {"name": namespace}})
    try:
        spec = {
            "accessModes": ["ReadWriteOnce"], "storageClassName": namespace,
            "resources": {"requests": {"storage": "1Mi"}},
        }  # fmt: skip
        metadata = {"name": "data", "namespace": namespace}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
        submit("application", [*ground, manifest(claim), deployment()])
        until(lambda: live("Deployment", "web") is not None)
        assert live("PersistentVolumeClaim", "data")["status"]["phase"] == "Pending"
    finally:
        admin.request("DELETE", f"{path}/{namespace}")
