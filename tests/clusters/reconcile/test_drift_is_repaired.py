"""What lives is compared with what is declared, field by field of ours; nothing is sent where nothing changed."""

import pytest

from clusters.manifests import manifest
from clusters.models import Lane


@pytest.fixture
def settings_map(config):
    return config("settings", labels={"tier": "web"}, a="1")


@pytest.fixture
def delivered(submit, until, healthy, ground, settings_map):
    work = submit("application", [*ground, settings_map])
    until(lambda: healthy(work))
    return work


@pytest.fixture
def running(submit, until, healthy, ground, settings_map, deployment):
    work = submit("application", [*ground, settings_map, deployment(config="settings", cpu="0.05")])
    until(lambda: healthy(work))
    return work


def seen(live):
    return [live(*each)["metadata"]["resourceVersion"] for each in (("ConfigMap", "settings"), ("Deployment", "web"))]


def test_an_edited_field_is_set_back(delivered, sweep, admin, live, oid):
    admin.merge(oid("ConfigMap", "settings"), {"data": {"a": "2"}})
    sweep()
    assert live("ConfigMap", "settings")["data"] == {"a": "1"}


def test_a_removed_field_comes_back(delivered, sweep, admin, live, oid):
    admin.merge(oid("ConfigMap", "settings"), {"data": {"a": None}})
    sweep()
    assert live("ConfigMap", "settings")["data"] == {"a": "1"}


@pytest.mark.parametrize("label", ["tier", "dougong.dev/work", "dougong.dev/owner"])
def test_a_removed_label_comes_back(delivered, sweep, admin, live, oid, label):
    before = live("ConfigMap", "settings")["metadata"]["labels"]
    admin.merge(oid("ConfigMap", "settings"), {"metadata": {"labels": {label: None}}})
    sweep()
    assert live("ConfigMap", "settings")["metadata"]["labels"] == before


def test_a_field_that_somebody_adds_is_theirs(delivered, sweep, admin, live, oid):
    admin.merge(
        oid("ConfigMap", "settings"), {"data": {"b": "theirs"}, "metadata": {"annotations": {"note": "theirs"}}}
    )
    before = live("ConfigMap", "settings")
    sweep(2)
    assert live("ConfigMap", "settings") == before
    assert before["data"] == {"a": "1", "b": "theirs"}


def test_an_edited_image_is_set_back(running, until, healthy, admin, live, oid):
    image = live("Deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nowhere.test/other:1"}]}}}}
    admin.merge(oid("Deployment", "web"), patch, content_type="application/strategic-merge-patch+json")
    until(lambda: live("Deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"] == image)
    until(lambda: healthy(running))


def test_a_deleted_deployment_comes_back(running, until, healthy, admin, live, oid):
    before = live("Deployment", "web")["metadata"]["uid"]
    admin.delete(oid("Deployment", "web"))
    until(lambda: live("Deployment", "web") is not None and healthy(running))
    assert live("Deployment", "web")["metadata"]["uid"] != before


def test_what_the_server_writes_otherwise_is_no_drift(submit, until, healthy, sweep, ground, deployment, live):
    """`0.5` comes back as `500m`, `1024Mi` as `1Gi`, and the defaults of a pod are not ours."""
    work = submit("application", [*ground, deployment(replicas=0, cpu="0.5", memory="1024Mi")])
    until(lambda: healthy(work))
    requests = live("Deployment", "web")["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]
    assert requests == {"cpu": "500m", "memory": "1Gi"}
    before = live("Deployment", "web")["metadata"]
    sweep(3)
    assert live("Deployment", "web")["metadata"] == before


def test_what_holds_is_not_written_again(running, submit, ground, settings_map, deployment, drain, sweep, live):
    before = seen(live)
    sweep(3)
    assert seen(live) == before
    running.refresh_from_db()
    assert running.lane == Lane.SWEEP
    # Nor does a release that changes nothing of it restart a pod, or even write.
    submit("application", [*ground, settings_map, deployment(config="settings", cpu="0.05")], release="another")
    drain()
    assert seen(live) == before


def test_an_object_that_moves_to_another_version_is_no_endless_drift(submit, until, sweep, ground, live, row, oid):
    def scaler(version, **spec):
        metadata = {"name": "web", "namespace": ground[1].id.namespace}
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4, **spec}
        body = {"apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler", "metadata": metadata}
        return manifest({**body, "spec": spec})

    submit("application", [*ground, scaler("v1", targetCPUUtilizationPercentage=70)])
    until(lambda: live("HorizontalPodAutoscaler", "web") is not None)
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    submit("application", [*ground, scaler("v2", metrics=[{"type": "Resource", "resource": metric}])])
    sweep()
    assert row(oid("HorizontalPodAutoscaler", "web")).api_version == "autoscaling/v2"
    sent = live("HorizontalPodAutoscaler", "web")["metadata"]["annotations"]["dougong.dev/epoch"]
    sweep(2)
    assert live("HorizontalPodAutoscaler", "web")["metadata"]["annotations"]["dougong.dev/epoch"] == sent
