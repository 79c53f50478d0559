"""`?fields=`: only what was asked for; and filters of each list."""

import pytest

from clusters.models import Work


@pytest.fixture
def running(deploy, west):
    """hello on east, and on west as other."""
    first = deploy(name="hello", host="one.example").application
    deploy(name="other", host="two.example", clusters=["west"])
    return first


LISTS = ["teams", "tokens", "clusters", "works", "projects", "applications", "environments", "releases"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_with_two_fields(api, running, owner, name):
    found = api(owner).get(
        f"/api/v1/{name}/?fields=id,name" if name != "releases" else "/api/v1/releases/?fields=id,number"
    )
    assert found.status_code == 200, found.json()
    assert {tuple(sorted(each)) for each in found.json()["results"]} == {
        ("id", "number") if name == "releases" else ("id", "name")
    }


@pytest.mark.parametrize("name", [each for each in LISTS if each != "tokens"])
def test_one_object_with_one_field(api, running, owner, name):
    client = api(owner)
    first = client.get(f"/api/v1/{name}/").json()["results"][0]
    key = first["name"] if name in ("teams", "projects") else first["id"]
    found = client.get(f"/api/v1/{name}/{key}/?fields=id")
    assert found.json() == {"id": first["id"]}
    assert ("ETag" in found) == ("ETag" in client.get(f"/api/v1/{name}/{key}/"))


@pytest.mark.parametrize("name", LISTS)
def test_an_unknown_field_is_refused_with_the_known_ones(api, running, owner, name):
    answer = api(owner).get(f"/api/v1/{name}/?fields=id,colour")
    assert (answer.status_code, answer.json()["code"]) == (400, "field_unknown")
    assert "colour" in answer.json()["detail"]
    assert "id" in answer.json()["rule"]


def test_an_empty_list_refuses_an_unknown_field_too(api, owner):
    assert api(owner).get("/api/v1/applications/?fields=colour").json()["code"] == "field_unknown"


def test_the_releases_of_an_application(api, running, owner):
    client = api(owner)
    address = f"/api/v1/applications/{running.pk}/releases/"
    assert client.get(f"{address}?fields=number").json()["results"] == [{"number": 1}]
    assert client.get(f"{address}?fields=colour").json()["code"] == "field_unknown"


def test_what_is_written_is_answered_whole(api, team, owner):
    client = api(owner)
    tag = client.get("/api/v1/teams/crew/")["ETag"]
    answer = client.patch("/api/v1/teams/crew/?fields=id", {"title": "Crew"}, headers={"If-Match": tag})
    assert answer.json()["title"] == "Crew"


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("applications/?cluster=east", ["hello"]),
        ("applications/?cluster=west", ["other"]),
        ("applications/?health=Degraded", ["hello"]),
        ("applications/?health=Healthy", []),
        ("environments/?cluster=west&fields=name", ["production"]),
        ("environments/?team=crew", ["production", "production"]),
        ("environments/?team=none", []),
        ("projects/?team=crew", ["demo"]),
        ("projects/?team=none", []),
        ("teams/?name=crew", ["crew"]),
        ("teams/?name=none", []),
        ("clusters/?label=region=us", ["west"]),
        ("clusters/?label=region=none", []),
        ("works/?name=ground", ["ground", "ground"]),
        ("works/?team=none", []),
        ("tokens/?name=test", ["test"]),
        ("tokens/?name=none", []),
    ],
)
def test_filters(api, running, owner, observe, address, names):
    observe(running.environments.get(), health="Degraded")
    assert Work.objects.count() == 4
    answer = api(owner).get(f"/api/v1/{address}").json()
    assert [each["name"] for each in answer["results"]] == names


@pytest.mark.parametrize(("query", "count"), [("team=crew", 2), ("team=x", 0), ("created_by=olga", 2), ("number=1", 2)])
def test_filters_of_releases(api, running, owner, query, count):
    assert len(api(owner).get(f"/api/v1/releases/?{query}").json()["results"]) == count


def test_what_a_person_may_is_the_same_in_a_list_and_alone(api, team, owner, viewer, operator, admin):
    for person, words in (
        (owner, {"view", "deploy", "release", "exec", "own"}),
        (viewer, {"view"}),
        (operator, {"view", "operate"}),
        (admin, {"view", "deploy", "release", "exec", "own", "operate"}),
    ):
        client = api(person)
        [listed] = client.get("/api/v1/teams/").json()["results"]
        assert set(listed["permissions"]) == set(client.get("/api/v1/teams/crew/").json()["permissions"]) == words
