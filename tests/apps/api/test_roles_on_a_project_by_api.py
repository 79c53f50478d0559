"""Members of a project, by API and by command."""

import pytest

from paas.core.permissions import allowed


def test_by_the_api(api, project, owner, viewer, stranger):
    client, address = api(owner), "/api/v1/projects/demo/members/"
    tag = {"If-Match": client.get(address)["ETag"]}
    answer = client.put(f"{address}stella/", {"role": "developer"}, headers=tag)
    assert answer.json() == [{"username": "stella", "role": "developer"}]
    assert api(stranger).get("/api/v1/projects/").json()["results"][0]["name"] == "demo"
    stale = client.put(f"{address}stella/", {"role": "owner"}, headers=tag)
    assert stale.json()["code"] == "version_changed"
    refused = api(viewer).put(f"{address}victor/", {"role": "owner"}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert client.put(f"{address}stella/", {"role": "king"}, headers={"If-Match": "*"}).json()["code"] == "role_unknown"
    assert client.delete(f"{address}stella/", headers={"If-Match": answer["ETag"]}).status_code == 204
    assert api(stranger).get(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_by_the_command(dougong, project, owner, stranger):
    run = dougong(owner, "project")
    assert run("add", "demo", "stella", "--role", "developer")[0] == 0
    assert allowed(stranger, "deploy", project)
    assert run("members", "demo", "-o", "name")[1].split() == ["stella"]
    assert run("remove", "demo", "stella")[0] == 0
    assert not allowed(stranger, "view", project)
