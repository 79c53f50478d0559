"""ETag and If-Match: an edit made for another state is refused and changes nothing."""

from paas.identity.models import Team


def test_an_edit_without_a_version_is_refused(api, team, owner):
    response = api(owner).patch("/api/v1/teams/shop/", {"title": "New"})
    assert (response.status_code, response.json()["code"]) == (428, "if_match_required")
    assert Team.objects.get().title == "The shop"


def test_an_edit_for_an_older_version_is_refused(api, team, owner):
    client = api(owner)
    tag = client.get("/api/v1/teams/shop/")["ETag"]
    first = client.patch("/api/v1/teams/shop/", {"title": "First"}, headers={"If-Match": tag})
    assert first.status_code == 200
    assert first["ETag"] != tag
    second = client.patch("/api/v1/teams/shop/", {"title": "Second"}, headers={"If-Match": tag})
    assert (second.status_code, second.json()["code"]) == (412, "version_changed")
    assert second.json()["current"] == first["ETag"]
    assert Team.objects.get().title == "First"


def test_an_edit_for_the_present_version_is_made(api, team, owner):
    client = api(owner)
    tag = client.get("/api/v1/teams/shop/")["ETag"]
    response = client.patch("/api/v1/teams/shop/", {"title": "New"}, headers={"If-Match": f'"0", {tag}'})
    assert response.json()["title"] == "New"
    assert client.get("/api/v1/teams/shop/")["ETag"] == response["ETag"]


def test_what_has_not_changed_is_not_sent_again(api, team, owner):
    client = api(owner)
    tag = client.get("/api/v1/teams/shop/")["ETag"]
    assert client.get("/api/v1/teams/shop/", headers={"If-None-Match": tag}).status_code == 304
