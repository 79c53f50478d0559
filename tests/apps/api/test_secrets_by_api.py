"""Secrets by the API: listed with their age, changed as they were read only, revoked with what uses them."""

import pytest

from apps import services
from apps.models import Environment, Release, SecretVersion

BLOCKS = [{"secret": {"name": "database"}}]


def code(answer):
    return answer.status_code, answer.json().get("code")


@pytest.fixture
def environment(project, owner):
    return services.create_environment(project=project, application="hello", name="production", actor=owner)


@pytest.fixture
def secrets(environment):
    return f"/api/v1/environments/{environment.pk}/secrets/"


@pytest.fixture
def store(environment, owner):
    def put(value="first", **fields):
        fields = fields or {"values": {"DATABASE_URL": value}}
        return services.set_secret(environment=environment, name="database", actor=owner, **fields)

    return put


def test_a_secret_with_its_age_and_versions(api, secrets, store, viewer, deploy):
    store("first")
    deploy(blocks=BLOCKS)
    store(values={"DATABASE_URL": "canary"}, max_age_days=30)
    SecretVersion.objects.filter(version=2).update(created_at="2020-01-01T00:00:00Z")
    client = api(viewer)
    [found] = client.get(secrets).json()
    assert found["age_seconds"] > 2000 * 86_400
    expected = {
        "name": "database",
        "version": 2,
        "in_force": True,
        "keys": ["DATABASE_URL"],
        "store": None,
        "remote": {},
        "created_by": "olga",
        "max_age_days": 30,
        "overdue": True,
        "released": 1,
    }
    assert {**found, **expected} == found
    one = client.get(f"{secrets}database/")
    assert (one["ETag"], [each["version"] for each in one.json()["versions"]]) == ('"2"', [2, 1])
    assert "canary" not in one.content.decode()
    assert code(client.get(f"{secrets}mail/")) == (404, "secret_not_found")
    assert list(client.get(f"{secrets}?fields=name,overdue").json()[0]) == ["name", "overdue"]


def test_a_version_is_stored_for_the_one_that_was_read(api, secrets, owner):
    client, body = api(owner), {"values": {"A": "b"}}
    first = client.put(f"{secrets}database/", body)
    assert (first.status_code, first["ETag"], first.json()["version"]) == (200, '"1"', 1)
    assert code(client.put(f"{secrets}database/", body)) == (428, "if_match_required")
    second = client.put(f"{secrets}database/", body, headers={"If-Match": '"1"'})
    assert (second["ETag"], second.json()["version"]) == ('"2"', 2)
    assert code(client.put(f"{secrets}database/", body, headers={"If-Match": '"1"'})) == (412, "version_changed")
    assert SecretVersion.objects.count() == 2


def test_nothing_is_revoked_that_was_not_seen(api, secrets, store, owner):
    store("first")
    store("second")
    client = api(owner)
    assert code(client.delete(f"{secrets}database/")) == (428, "if_match_required")
    assert code(client.delete(f"{secrets}database/", headers={"If-Match": '"1"'})) == (412, "version_changed")
    answer = client.delete(f"{secrets}database/?version=1", headers={"If-Match": '"2"'})
    assert (answer.json()["versions"], client.get(f"{secrets}database/")["ETag"]) == ([1], '"3"')
    assert code(client.delete(f"{secrets}database/?version=1", headers={"If-Match": '"3"'})) == (
        404,
        "secret_not_found",
    )


def test_what_uses_it_is_released_with_the_successor(api, secrets, store, owner, deploy):
    store("first")
    deploy(blocks=BLOCKS)
    client, any_ = api(owner), {"If-Match": "*"}
    refused = client.delete(f"{secrets}database/", headers=any_)
    assert code(refused) == (409, "secret_in_use")
    assert refused.json()["used"][0]["clusters"] == ["east"]
    store("second")
    foreseen = client.delete(f"{secrets}database/?version=1&dryRun=true").json()
    assert foreseen["secrets"] == [{"name": "database", "version": 1, "successor": 2}]
    assert (foreseen["changed"], Release.objects.count()) == (True, 1)
    answer = client.delete(f"{secrets}database/?version=1&reason=leaked", headers=any_).json()
    assert answer == {
        "name": "database",
        "versions": [1],
        "used": [{"environment": "hello/production", "release": 1, "version": 1, "clusters": ["east"]}],
        "release": 2,
        "notes": ["database v1 was revoked: v2 is used instead."],
    }
    assert Release.objects.get(number=2).secrets == {"database": 2}


@pytest.mark.parametrize(("query", "releases"), [("force=true", 1), ("version=1&release=false", 1)])
def test_as_it_is_said(api, secrets, store, owner, deploy, query, releases):
    store("first")
    deploy(blocks=BLOCKS)
    if "release" in query:
        store("second")
    answer = api(owner).delete(f"{secrets}database/?{query}", headers={"If-Match": "*"}).json()
    assert (answer["versions"], answer["release"], Release.objects.count()) == ([1], None, releases)
    assert answer["notes"]


@pytest.mark.parametrize("query", ["force=yes", "release=no", "dryRun=1", "version=x"])
def test_a_misspelt_order_does_nothing(api, secrets, store, owner, query):
    store()
    assert code(api(owner).delete(f"{secrets}database/?{query}", headers={"If-Match": "*"})) == (400, "invalid")
    assert SecretVersion.objects.get().revoked_at is None


def test_values_in_a_store(api, secrets, owner):
    body = {"store": "vault", "remote": {"DATABASE_URL": "teams/crew/db#url"}}
    answer = api(owner).put(f"{secrets}database/", body).json()
    assert {**answer, **body} == answer
    assert answer["keys"] == ["DATABASE_URL"]
    wrong = {"store": "vault", "remote": {"A": "../b"}}
    assert code(api(owner).put(f"{secrets}mail/", wrong)) == (400, "secret_invalid")


def test_the_next_rollback_shows_the_successor_before(api, secrets, store, owner, deploy):
    store("first")
    deploy(blocks=BLOCKS)
    store("second")
    deploy(blocks=BLOCKS)
    api(owner).delete(f"{secrets}database/?version=1", headers={"If-Match": "*"})
    environment = Environment.objects.get()
    deploy(blocks=BLOCKS, greeting="hi")
    address = f"/api/v1/applications/{environment.application_id}/rollback/"
    order = {"environment": "production", "release": "1"}
    foreseen = api(owner).post(f"{address}?dryRun=true", order).json()
    assert foreseen["secrets"] == [{"name": "database", "version": 1, "successor": 2}]
    made = api(owner).post(address, order).json()
    assert (made["secrets"], made["notes"]) == ({"database": 2}, ["database v1 was revoked: v2 is used instead."])


def test_others_secrets_are_not_there(api, secrets, store, stranger, viewer):
    store()
    assert code(api(stranger).get(secrets)) == (404, "environment_not_found")
    assert code(api(stranger).get(f"{secrets}database/")) == (404, "environment_not_found")
    assert code(api(viewer).delete(f"{secrets}database/", headers={"If-Match": "*"})) == (403, "permission_denied")
