"""Volumes on a real cluster: they outlive Pods and deploys, come to what runs already, and each replica has one."""

import pytest

from apps import services
from apps.appfile import validate
from clusters import held
from paas.core.errors import Invalid
from tests.apps.lab.site import HTTP, WEB, kubectl, web

DATA = {"volume": {"process": "web", "name": "data", "path": "/data", "size": "1Gi", "tier": "fast"}}
CLAIM = "PersistentVolumeClaim/hello-web-data"
STATEFUL = web(stateful=True, replicas=2)


def write(site, text, pod=""):
    site.sh(f"echo {text} > /data/file", pod=pod)


def read(site, pod=""):
    return site.sh("cat /data/file", pod=pod)


def replaced(site, pod):
    """End a Pod and wait for its successor."""
    before = len(site.ready())
    site.kubectl("delete", "pod", pod, "--wait")
    site.until(lambda: len(site.ready()) == before)


def test_what_is_written_outlives_the_pod(bring):
    site = bring(WEB, DATA)
    write(site, "kept")
    first = site.pod()["metadata"]["name"]
    replaced(site, first)
    assert site.pod()["metadata"]["name"] != first
    assert read(site) == "kept\n"


def test_a_volume_that_leaves_the_file_is_held_and_named(bring):
    site = bring(WEB, DATA)
    uid = site.object("pvc", "hello-web-data")["metadata"]["uid"]
    site = bring(WEB)
    assert site.object("pvc", "hello-web-data")["metadata"]["uid"] == uid
    assert "PruneHeld" in site.conditions
    [held] = site.works().get(name="application").reported["PruneHeld"]
    assert held["id"].endswith("/hello-web-data")
    write(bring(WEB, DATA), "back")
    assert site.object("pvc", "hello-web-data")["metadata"]["uid"] == uid


def test_a_held_volume_goes_when_its_owner_lets_it_go_by_its_name(bring, owner):
    site = bring(WEB, DATA)
    write(site, "no longer needed")
    site = bring(WEB)
    work = site.works().get(name="application")
    [kept] = held.held(work)
    with pytest.raises(Invalid):
        held.let_go(work=work, oid=kept.oid, confirm="hello", actor=owner)
    site.until(site.is_healthy)
    assert "hello-web-data" in site.objects("pvc")
    held.let_go(work=work, oid=kept.oid, confirm=kept.name, actor=owner, reason="copied elsewhere")
    site.until(lambda: not site.objects("pvc"))
    site.until(site.is_healthy)
    assert "PruneHeld" not in site.conditions
    assert not list(held.held(site.works().get(name="application")))


def test_a_volume_comes_to_what_runs_already(bring):
    """What was replaced a part at a time is from now on ended first, and the other way round."""
    site = bring(WEB, HTTP)
    assert site.object("deployment", "hello-web")["spec"]["strategy"]["type"] == "RollingUpdate"
    site = bring(WEB, HTTP, DATA)
    assert site.object("deployment", "hello-web")["spec"]["strategy"] == {"type": "Recreate"}
    write(site, "there")
    site = bring(WEB, HTTP)
    assert site.object("deployment", "hello-web")["spec"]["strategy"]["type"] == "RollingUpdate"


def test_the_tier_of_a_volume_is_settled(bring):
    site = bring(WEB, DATA)
    bring(WEB, {"volume": {**DATA["volume"], "tier": "shared"}}, wait=False)
    site.until(lambda: site.rows()[CLAIM].reason == "ImmutableField")
    assert "immutable" in site.rows()[CLAIM].message
    assert site.is_healthy() is False


def test_each_replica_has_a_name_and_a_volume_of_its_own(bring):
    site = bring(STATEFUL, HTTP, DATA)
    one, other = site.pods()
    assert (one, other) == ("hello-web-0", "hello-web-1")
    conditions = site.pods()[one]["status"]["conditions"]
    [ready] = [each["lastTransitionTime"] for each in conditions if each["type"] == "Ready"]
    assert site.pods()[other]["metadata"]["creationTimestamp"] >= ready
    write(site, "first", pod=one)
    write(site, "second", pod=other)
    replaced(site, one)
    assert (read(site, one), read(site, other)) == ("first\n", "second\n")
    look = "import socket; print(socket.gethostbyname('hello-web-1.hello-web-peers'))"
    assert site.sh(f'python3 -c "{look}"', pod=one).strip() == site.pods()[other]["status"]["podIP"]


def test_a_release_of_a_stateful_process_keeps_its_volumes(bring):
    site = bring(STATEFUL, HTTP, DATA)
    write(site, "kept", pod="hello-web-0")
    site = bring(STATEFUL, HTTP, DATA, {"config": {"values": {"GREETING": "hi"}}})
    assert site.sh("echo $GREETING; cat /data/file", pod="hello-web-0") == "hi\nkept\n"
    site = bring(web(stateful=True, replicas=1), HTTP, DATA)
    assert list(site.pods()) == ["hello-web-0"]
    assert sorted(site.objects("pvc")) == ["data-hello-web-0", "data-hello-web-1"]
    [held] = site.works().get(name="application").reported["PruneHeld"]
    assert held["id"].endswith("/data-hello-web-1")


def test_what_volumes_a_stateful_process_has_is_settled(bring):
    site = bring(STATEFUL, HTTP)
    bring(STATEFUL, HTTP, DATA, wait=False)
    site.until(lambda: site.rows()["StatefulSet/hello-web"].reason == "ImmutableField")
    assert "forbidden" in site.rows()["StatefulSet/hello-web"].message.lower()
    assert site.ready() == ["hello-web-0", "hello-web-1"]
    bring(STATEFUL, HTTP)


@pytest.mark.parametrize("process", [WEB, STATEFUL])
def test_what_is_retired_leaves_no_volume_and_no_namespace(bring, process, owner):
    site = bring(process, HTTP, DATA)
    services.retire(application=site.environment.application, actor=owner, confirm="hello")
    site.until(lambda: not site.works().exists())
    assert kubectl("get", "namespace", site.namespace, "--ignore-not-found") == ""


def test_a_cluster_that_a_deploy_leaves_keeps_the_volume(bring, project, owner, join):
    """Nobody has named the data: the namespace stays with it, and is reported."""
    join("west")
    site = bring(WEB, DATA)
    uid = site.object("pvc", "hello-web-data")["metadata"]["uid"]
    document = {**site.environment.application.app_file, "environments": {"production": {"clusters": ["west"]}}}
    blocks = [each for each in document["blocks"] if "volume" not in each]
    services.deploy(project=project, app_file=validate({**document, "blocks": blocks}), actor=owner)
    site.until(lambda: not site.works().filter(cluster__name="east").exists())
    assert site.object("pvc", "hello-web-data")["metadata"]["uid"] == uid
