"""Protection and approvals, by API and by command."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps import services
from apps.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def second(person, team):
    return person("sam", team, "releaser")


@pytest.fixture
def environment(deploy, owner):
    found = deploy().releases[0].environment
    return services.protect_environment(environment=found, protected=True, actor=owner)


def test_protection(api, deploy, owner, viewer, stranger):
    environment = deploy().releases[0].environment
    address = f"/api/v1/environments/{environment.pk}/protection/"
    refused = api(viewer).put(address, {"protected": True})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert api(stranger).put(address, {"protected": True}).status_code == 404
    assert api(owner).put(address, {"protected": True}).json()["protected"]
    assert api(owner).put(address, {"protected": False}).json()["code"] == "reason_required"
    assert not api(owner).put(address, {"protected": False, "reason": "x"}).json()["protected"]


def test_from_proposal_to_release(api, environment, document, owner, second, viewer, stranger):
    body = {"appFile": document(greeting="hi"), "reason": "better"}
    answer = api(owner).put("/api/v1/projects/demo/applications/hello/", body).json()
    assert (answer["deployed"], list(answer["proposed"])) == ({}, ["production"])
    at = f"/api/v1/approvals/{answer['proposed']['production']}/"
    [listed] = api(viewer).get("/api/v1/approvals/?state=Pending&project=demo").json()["results"]
    assert (listed["id"], listed["proposed_by"], listed["based_on"]) == (answer["proposed"]["production"], "olga", 1)
    assert "spec" not in listed
    assert api(viewer).get(at).json()["appFile"] == document(greeting="hi")
    assert api(stranger).get(at).status_code == 404
    assert api(stranger).get("/api/v1/approvals/").json()["results"] == []
    assert api(owner).post(f"{at}approve/").json()["code"] == "second_person_required"
    assert api(viewer).post(f"{at}approve/").json()["code"] == "permission_denied"
    assert api(second).post(f"{at}decline/").json()["code"] == "reason_required"
    made = api(second).post(f"{at}approve/", {"reason": "fine"})
    assert (made.status_code, made.json()["number"], made.json()["created_by"]) == (201, 2, "olga")
    assert api(second).get(at).json()["state"] == "Approved"
    assert api(second).post(f"{at}approve/").json()["code"] == "proposal_decided"
    assert api(owner).get("/api/v1/approvals/?state=Pending").json()["results"] == []


def test_lists_cost_a_constant_number_of_queries(api, environment, deploy, owner):
    client = api(owner)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get("/api/v1/approvals/")
        return len(seen)

    deploy(greeting="a")
    queries()
    few = queries()
    for word in "bcdef":
        deploy(greeting=word)
    assert queries() == few <= 10


def test_by_the_command(dougong, tmp_path, environment, document, owner, second):
    path = tmp_path / "app.yaml"
    path.write_text(json.dumps(document(greeting="hi")))
    code, out, err = dougong(owner)("deploy", "-f", str(path))
    assert code == 0
    assert "waits for a second person" in err
    [name] = dougong(owner)("approvals", "-o", "name")[1].split()
    proposal = name.removeprefix("approval/")
    code, out, err = dougong(owner)("approve", proposal)
    assert (code, "second_person_required" in err) == (1, True)
    code, out, err = dougong(second)("approve", proposal, "--reason", "fine")
    assert code == 0, err
    assert "r2" in out
    assert Release.objects.count() == 2
    assert dougong(owner)("approvals", "-o", "name")[1] == ""
    assert "Approved" in dougong(owner)("approvals", "--all")[1]
    path.write_text(json.dumps(document(greeting="ho")))
    assert dougong(owner)("deploy", "-f", str(path))[0] == 0
    proposal = dougong(owner)("approvals", "-o", "name")[1].strip().removeprefix("approval/")
    assert dougong(second)("decline", proposal)[0] == 1
    assert dougong(second)("decline", proposal, "--reason", "no")[0] == 0
    assert dougong(owner)("protect", "hello", "--off", "--reason", "moved")[0] == 0
    environment.refresh_from_db()
    assert not environment.protected
