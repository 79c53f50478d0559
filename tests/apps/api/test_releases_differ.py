"""GET releases/{id}/differences/?from= and `dougong diff APP`: in what two differ, for whoever may view both."""

import json

import pytest

from apps.models import Release
from clusters.models import Cluster


@pytest.fixture
def released(deploy, configure):
    """Release 2 has another greeting and image than 1, release 3 a key of the layers."""
    made = deploy(reason="first").application
    deploy(greeting="hi", image=f"registry.example/hello@sha256:{'b' * 64}")
    configure(made, LEVEL="debug", reason="look")
    return {each.number: each for each in Release.objects.select_related("environment__application")}


def address(release, other):
    return f"/api/v1/releases/{release.pk}/differences/?from={other}"


@pytest.mark.parametrize("said", ["1", "r1", "id"])
def test_by_number_or_id_from_image_to_field(api, viewer, released, said):
    answer = api(viewer).get(address(released[3], released[1].pk if said == "id" else said))
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["before"]["number"], found["after"]["number"]) == (1, 3)
    assert found["after"]["environment"] == "production"
    assert found["image"] == {"before": released[1].image, "after": released[3].image}
    assert found["config"] == [{"key": "LEVEL", "clusters": ["east"], "before": None, "after": "debug"}]
    [cluster] = found["clusters"]
    assert (cluster["name"], cluster["fault"]) == ("east", "")
    [deployment] = [each for each in cluster["objects"] if each["id"] == "Deployment/hello-web"]
    images = [each for each in deployment["fields"] if each["path"].endswith(".image")]
    assert [(each["before"], each["after"]) for each in images] == [(released[1].image, released[3].image)]
    assert {each["change"] for each in cluster["objects"] if each["id"].startswith("ConfigMap/")} == {
        "added",
        "removed",
    }


def test_from_itself_nothing_differs(api, viewer, released):
    found = api(viewer).get(address(released[2], 2)).json()
    assert (found["changed"], found["config"], found["secrets"]) == (False, [], [])
    assert [each["objects"] for each in found["clusters"]] == [[]]


def test_backwards_is_the_other_way_round(api, viewer, released):
    found = api(viewer).get(address(released[1], 3)).json()
    assert found["config"] == [{"key": "LEVEL", "clusters": ["east"], "before": "debug", "after": None}]


def test_a_cluster_for_which_one_cannot_be_rendered_says_why(api, viewer, deploy, make_cluster):
    north = make_cluster("north", priority_classes=["high"])
    block = {"priority": {"process": "web", "priority_class": "high"}}
    deploy(clusters=("north",), blocks=[block])
    deploy(clusters=("north",))
    Cluster.objects.filter(pk=north.pk).update(priority_classes=[])
    found = api(viewer).get(address(Release.objects.get(number=2), 1)).json()
    [cluster] = found["clusters"]
    assert (cluster["objects"], found["changed"]) == ([], False)
    assert "high" in cluster["fault"]


def test_a_secret_has_its_version_and_no_value(api, viewer, owner, deploy, released):
    environment = released[1].environment
    room = f"/api/v1/environments/{environment.pk}/secrets/database/"
    assert api(owner).put(room, {"values": {"URL": "canary"}}, format="json").status_code == 200
    deploy(greeting="hi", blocks=[{"secret": {"name": "database", "keys": ["URL"]}}])
    answer = api(viewer).get(address(Release.objects.latest("number"), 1))
    assert answer.json()["secrets"] == [{"name": "database", "before": None, "after": 1}]
    assert b"canary" not in answer.content


@pytest.mark.parametrize("other", ["", "9", "r", "1; --", "00000000-0000-0000-0000-000000000000", "9" * 40])
def test_another_that_is_not_there(api, viewer, released, other):
    answer = api(viewer).get(address(released[2], other))
    assert (answer.status_code, answer.json()["code"]) == (404, "release_not_found")


def test_whoever_may_not_view_the_one_or_the_other_learns_nothing(api, stranger, released):
    assert api(stranger).get(address(released[2], 1)).status_code == 404
    assert api().get(address(released[2], 1)).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_by_the_command(dougong, viewer, released):
    run = dougong(viewer, "diff")
    code, out, _ = run("hello", "--from", "r1", "--to", "r2")
    assert code == 0
    assert out.splitlines()[0] == "production release 1 → 2"
    assert "    ~ Deployment/hello-web" in out.splitlines()
    code, out, _ = run("hello", "-e", "production", "--from", "1", "-o", "json")
    assert json.loads(out)["after"]["number"] == 3
    assert run("hello", "--from", "2", "--to", "2", "--exit-code")[0] == 0
    assert run("hello", "--from", "2", "--to", "1", "--exit-code")[0] == 7
    code, _, err = run("hello", "--from", "1", "--to", "7")
    assert (code, "no release 7" in err) == (3, True)
