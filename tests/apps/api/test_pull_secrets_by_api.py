"""A team's credentials for registries by the API: written and never read back."""

import pytest

from apps.models import PullSecretVersion

AT = "/api/v1/teams/crew/pull-secrets/"
BODY = {"username": "bot", "password": "canary-of-the-registry"}


@pytest.fixture
def put(api, owner, team):
    def go(registry="ghcr.io", actor=owner, body=BODY, **headers):
        return api(actor).put(f"{AT}{registry}/", body, format="json", headers=headers)

    return go


def test_stored_replaced_and_never_shown(put, api, viewer):
    first, second = put(), put(body={**BODY, "password": "the-next-canary"})
    assert (first.json()["version"], second.json()["version"]) == (1, 2)
    answer = api(viewer).get(AT)
    [row] = answer.json()
    assert (row["registry"], row["username"], row["version"], row["in_force"]) == ("ghcr.io", "bot", 2, True)
    assert (row["created_by"], row["age_seconds"] >= 0) == ("olga", True)
    for each in (first, second, answer):
        assert b"canary" not in each.content


def test_an_edit_may_name_what_was_read(put):
    tag = put()["ETag"]
    assert put(**{"If-Match": tag}).status_code == 200
    assert put(**{"If-Match": tag}).status_code == 412
    assert PullSecretVersion.objects.count() == 2


def test_revoked_by_its_name(put, api, owner):
    put()
    client = api(owner)
    assert client.delete(f"{AT}ghcr.io/").json()["code"] == "not_confirmed"
    gone = client.delete(f"{AT}ghcr.io/?confirm=ghcr.io&reason=leaked")
    assert (gone.status_code, gone.json()["in_force"]) == (200, False)
    assert client.delete(f"{AT}ghcr.io/?confirm=ghcr.io").json()["code"] == "pull_secret_not_found"
    assert PullSecretVersion.objects.get().password == ""


@pytest.mark.parametrize(
    "body", [{}, {"username": "bot"}, {**BODY, "username": ""}, {**BODY, "password": ""}, {**BODY, "password": ["x"]}]
)
def test_what_is_wrong_is_refused(put, body):
    assert put(body=body).status_code == 400
    assert not PullSecretVersion.objects.exists()


def test_who_may_what(put, api, viewer, stranger, operator):
    put()
    assert put(actor=viewer).json()["code"] == "permission_denied"
    assert put(actor=operator).json()["code"] == "permission_denied"
    assert put(actor=stranger).status_code == 404
    assert api(stranger).get(AT).status_code == 404
    assert api(operator).get(AT).status_code == 200
    assert PullSecretVersion.objects.count() == 1
