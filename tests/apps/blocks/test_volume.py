import pytest

from apps.contribution import RenderError
from apps.problems import ProblemsError

DATA = {"process": "web", "name": "data", "path": "/data", "size": "10Gi", "tier": "fast"}
SHARED = {**DATA, "tier": "shared", "access_mode": "ReadWriteMany"}
TWO = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "replicas": 2}}
SCHEDULE = {"name": "report", "schedule": "0 3 * * *", "cpu": "50m", "memory": "64Mi"}


def test_claims_storage_of_the_tier(rendered, web):
    claim = rendered(web, {"volume": DATA})["PersistentVolumeClaim"]
    assert claim["metadata"]["name"] == "hello-web-data"
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
        "storageClassName": "local-ssd",
    }


def test_the_process_may_write_there(rendered, web):
    pod = rendered(web, {"volume": DATA})["Deployment"]["spec"]["template"]["spec"]
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "hello-web-data"}} in pod["volumes"]
    assert {"name": "data", "mountPath": "/data"} in pod["containers"][0]["volumeMounts"]
    assert pod["securityContext"]["fsGroup"] == 10001
    assert pod["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"


def test_the_old_pod_ends_before_the_new_one_starts(rendered, web):
    assert rendered(web, {"volume": DATA})["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    shared = rendered(TWO, {"volume": SHARED})["Deployment"]["spec"]
    assert (shared["strategy"]["type"], shared["replicas"]) == ("RollingUpdate", 2)


def test_a_sidecar_may_find_it_too(rendered, web):
    backup = {"process": "web", "name": "backup", "cpu": "10m", "memory": "16Mi", "mounts": {"/from": "data"}}
    pod = rendered(web, {"volume": DATA}, {"sidecar": backup})["Deployment"]["spec"]["template"]["spec"]
    assert {"name": "data", "mountPath": "/from"} in pod["initContainers"][0]["volumeMounts"]


@pytest.mark.parametrize(
    "blocks",
    [
        [TWO],
        [
            {"process": {"name": "web", "cpu": "50m", "memory": "64Mi"}},
            {"autoscale": {"process": "web", "min": 1, "max": 2}},
        ],
    ],
)
def test_more_replicas_than_can_mount_it_are_refused(rendered, blocks):
    with pytest.raises(RenderError) as refused:
        rendered(*blocks, {"volume": DATA})
    assert (refused.value.code, refused.value.path) == ("volume_exclusive", "volume(web, data)")
    assert "ReadWriteMany" in refused.value.message


def test_runs_at_the_same_time_are_refused_too(rendered):
    data = {"volume": {**DATA, "process": "report"}}
    assert rendered({"schedule": SCHEDULE}, data)
    with pytest.raises(RenderError) as refused:
        rendered({"schedule": {**SCHEDULE, "concurrency_policy": "Allow"}}, data)
    assert refused.value.code == "volume_exclusive"


def test_a_tier_that_the_cluster_does_not_offer_is_refused(contribute):
    with pytest.raises(RenderError) as refused:
        contribute("volume", {**DATA, "tier": "gold"})
    assert (refused.value.code, refused.value.path) == ("tier_missing", "tier")
    assert refused.value.message == "cluster east offers no storage tier gold, only fast, shared"


@pytest.mark.parametrize("wrong", [{"size": "0Gi"}, {"size": 10}, {"path": "/"}, {"access_mode": "ReadOnlyMany"}])
def test_what_no_cluster_would_take_is_refused(contribute, wrong):
    with pytest.raises(ProblemsError):
        contribute("volume", {**DATA, **wrong})
