"""/api/v1/works/: read by the team it is delivered for, and by operators."""

import uuid

import pytest
from django.db import transaction

from clusters.manifests import Manifest
from clusters.models import OwnedObject
from clusters.work import Owner, submit_work

WORKS = "/api/v1/works/"


@pytest.fixture
def works(register, team):
    cluster = register()
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop-web"}}
    made = {}
    with transaction.atomic():
        for name, whose in (("application", team), ("platform", None)):
            made[name] = submit_work(
                owner=Owner("environment", uuid.uuid4(), f"shop/{name}", whose),
                name=name,
                cluster=cluster,
                manifests=[Manifest(body, phase=2)],
                release="r1",
            )
    work = made["application"]
    common = {"work": work, "cluster": cluster, "api_version": "v1", "claim": "canary-claim", "health": "Healthy"}
    OwnedObject.objects.create(oid="core/ConfigMap/shop-web/web", namespace="shop-web", **common)
    OwnedObject.objects.create(oid="core/ConfigMap/shop-web/old", gone_at="2026-01-01T00:00:00Z", **common)
    return made


def test_a_team_sees_its_own(api, works, member):
    found = api(member).get(WORKS).json()["results"]
    assert [each["name"] for each in found] == ["application"]
    assert (found[0]["cluster"], found[0]["team"], found[0]["generation"]) == ("east", "shop", 1)
    assert found[0]["spec"] == {"intent": "present", "release": "r1", "objects": 1}


def test_operators_see_all(api, works, operator):
    assert {each["name"] for each in api(operator).get(WORKS).json()["results"]} == {"application", "platform"}


def test_strangers_see_none(api, works, stranger):
    client = api(stranger)
    assert client.get(WORKS).json()["results"] == []
    answer = client.get(f"{WORKS}{works['application'].pk}/")
    assert (answer.status_code, answer.json()["code"]) == (404, "work_not_found")


def test_one_work_comes_with_its_objects(api, works, member):
    answer = api(member).get(f"{WORKS}{works['application'].pk}/")
    assert [each["id"] for each in answer.json()["objects"]] == ["core/ConfigMap/shop-web/web"]
    assert answer.json()["objects"][0]["health"] == "Healthy"
    assert "canary" not in answer.content.decode()


@pytest.mark.parametrize(("query", "count"), [("cluster=east", 1), ("cluster=west", 0), ("health=Healthy", 0)])
def test_the_list_is_filtered(api, works, member, query, count):
    assert len(api(member).get(f"{WORKS}?{query}").json()["results"]) == count


def test_works_are_not_written_here(api, works, operator):
    client = api(operator)
    address = f"{WORKS}{works['application'].pk}/"
    assert [client.post(WORKS, {}).status_code, client.patch(address, {}).status_code] == [405, 405]
    assert client.delete(address).status_code == 405
