"""A process whose replicas each keep a name and volumes: a StatefulSet, and a Service by which they are found."""

import pytest

from apps.contribution import RenderError
from apps.render import render

DATABASE = {"process": {"name": "db", "cpu": "50m", "memory": "64Mi", "replicas": 3, "stateful": True}}
DATA = {"volume": {"process": "db", "name": "data", "path": "/data", "size": "1Gi", "tier": "fast"}}
SHARED = {"volume": {**DATA["volume"], "name": "shared", "path": "/shared", "tier": "shared"}}
SHARED["volume"]["access_mode"] = "ReadWriteMany"
PORT = {"port": {"process": "db", "port": 5432, "name": "sql", "service_port": 5000}}


@pytest.fixture
def objects(make_app, target):
    def make(*items):
        return {str(each.id).split("/", 1)[1]: each.body for each in render(make_app(*items), target).manifests}

    return make


NAMESPACE = "demo-hello-production-1a2b3c4d"


@pytest.fixture
def stateful(objects):
    return lambda *items: objects(*items)[f"StatefulSet/{NAMESPACE}/hello-db"]["spec"]


def test_each_replica_has_a_volume_of_its_own_which_is_ours(objects):
    found = objects(DATABASE, DATA)
    claims = [name.rpartition("/")[2] for name in found if name.startswith("PersistentVolumeClaim/")]
    assert claims == ["data-hello-db-0", "data-hello-db-1", "data-hello-db-2"]
    spec = found[f"StatefulSet/{NAMESPACE}/hello-db"]["spec"]
    [claim] = spec["volumeClaimTemplates"]
    assert claim["metadata"] == {"name": "data"}
    assert claim["spec"] == found[f"PersistentVolumeClaim/{NAMESPACE}/data-hello-db-0"]["spec"]
    pod = spec["template"]["spec"]
    assert {"name": "data", "mountPath": "/data"} in pod["containers"][0]["volumeMounts"]
    assert [each["name"] for each in pod["volumes"]] == ["tmp"]
    assert pod["securityContext"]["fsGroup"] == 10001


def test_no_deploy_deletes_them(stateful):
    policy = stateful(DATABASE, DATA)["persistentVolumeClaimRetentionPolicy"]
    assert policy == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def test_they_start_and_change_in_order(stateful):
    spec = stateful(DATABASE, DATA)
    assert (spec["replicas"], spec["podManagementPolicy"]) == (3, "OrderedReady")
    assert spec["updateStrategy"] == {"type": "RollingUpdate"}
    spread = spec["template"]["spec"]["topologySpreadConstraints"]
    assert {tuple(each["matchLabelKeys"]) for each in spread} == {("controller-revision-hash",)}


def test_they_find_each_other_by_name_before_they_are_ready(objects):
    found = objects(DATABASE, DATA, PORT)
    spec = found[f"StatefulSet/{NAMESPACE}/hello-db"]["spec"]
    peers = found[f"Service/{NAMESPACE}/{spec['serviceName']}"]["spec"]
    assert (peers["clusterIP"], peers["publishNotReadyAddresses"]) == ("None", True)
    assert peers["ports"] == [{"name": "sql", "port": 5432, "protocol": "TCP"}]
    assert peers["selector"] == spec["selector"]["matchLabels"]
    assert found[f"Service/{NAMESPACE}/hello-db"]["spec"]["ports"][0]["port"] == 5000


def test_a_volume_of_all_is_one_claim(rendered):
    found = rendered(DATABASE, SHARED)
    assert found["PersistentVolumeClaim"]["metadata"]["name"] == "hello-db-shared"
    assert "volumeClaimTemplates" not in found["StatefulSet"]["spec"]


def test_its_replicas_are_set_by_hand(rendered):
    with pytest.raises(RenderError) as refused:
        rendered(DATABASE, {"autoscale": {"process": "db", "min": 1, "max": 3}})
    assert (refused.value.code, refused.value.path) == ("stateful_scaled", "autoscale(db)")


def test_two_autoscalers_of_one_process_are_refused(rendered, web):
    scaled = {"process": "web", "min": 1, "max": 3}
    with pytest.raises(RenderError) as refused:
        rendered(web, {"autoscale": scaled}, {"autoscale": {**scaled, "max": 4}})
    assert refused.value.code in ("owns_replicas_conflict", "object_conflict")
