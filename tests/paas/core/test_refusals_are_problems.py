"""Every refusal of the API is RFC 9457 problem+json with one machine code."""

import pytest
from django.db import InterfaceError, OperationalError

PROBLEM = "application/problem+json"


def told(response, status, code):
    assert response.status_code == status
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:dougong:problem:{code}")
    return body


def test_a_refusal_of_a_service(api, team, viewer):
    client = api(viewer)
    tag = client.get("/api/v1/teams/shop/")["ETag"]
    body = told(
        client.patch("/api/v1/teams/shop/", {"title": "Mine"}, headers={"If-Match": tag}), 403, "permission_denied"
    )
    assert body["rule"]
    assert body["remedy"]
    assert body["instance"] == "/api/v1/teams/shop/"
    assert body["request_id"]


def test_what_one_may_not_view_reads_like_what_is_not_there(api, team, stranger):
    client = api(stranger)
    hidden = told(client.get("/api/v1/teams/shop/"), 404, "team_not_found")
    absent = told(client.get("/api/v1/teams/none/"), 404, "team_not_found")
    assert hidden["detail"] == absent["detail"]


def test_wrong_fields_are_named_one_by_one(api, admin):
    body = told(api(admin).post("/api/v1/teams/", {"title": "x" * 200}), 400, "invalid")
    assert {entry["path"] for entry in body["errors"]} == {"name", "title"}


def test_nobody_is_asked_to_authenticate(api, db):
    response = api().get("/api/v1/teams/")
    told(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("put", "/api/v1/teams/", 405, "method_not_allowed"), ("get", "/api/v1/nowhere/", 404, "not_found")],
)
def test_the_framework_s_own_refusals(api, admin, method, path, status, code):
    told(getattr(api(admin), method)(path), status, code)


def test_a_body_that_is_no_json(api, admin):
    told(api(admin).post("/api/v1/teams/", data="{", content_type="application/json"), 400, "body_unreadable")


def test_an_unforeseen_error_tells_nothing_but_the_request(api, admin, monkeypatch):
    from paas.identity import services

    def broken(**_):
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr(services, "create_team", broken)
    client = api(admin)
    client.raise_request_exception = False
    response = client.post("/api/v1/teams/", {"name": "shop"})
    body = told(response, 500, "internal_error")
    assert "secret" not in response.content.decode()
    assert body["request_id"]


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_a_database_that_does_not_answer(api, admin, monkeypatch, fault):
    from paas.identity import services

    def broken(**_):
        raise fault("the connection to 10.0.0.1 is lost")

    monkeypatch.setattr(services, "create_team", broken)
    response = api(admin).post("/api/v1/teams/", {"name": "shop"})
    body = told(response, 503, "database_unavailable")
    assert int(response["Retry-After"]) > 0
    assert body["remedy"]
    assert "10.0.0.1" not in response.content.decode()
