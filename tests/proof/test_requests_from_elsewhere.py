"""What another site, a planted cookie or a crooked address can do with somebody's session: nothing."""

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from paas.identity.models import Team
from tests.proof.operations import BEFORE_SIGN_IN, OPERATIONS, STREAMS
from tests.proof.trespass import Request

# What could break a query, and what could lead out of a folder besides.
BROKEN = ["a\0b", "a\r\nX: y", "\U0001d482", "'", "%", "a" * 5000, "-1", "9" * 40, "\ufffe"]
CROOKED = [
    *BROKEN,
    *("..", ".", "../../etc/passwd", "..\\..\\x", "/etc/passwd", "%2e%2e%2f", "a\nb", "\u202ea"),
    *('"', "a;b", "*", "$(id)", "{{7*7}}", "~root", " "),
]


def test_another_site_changes_nothing_with_somebody_s_cookie(stage):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(stage.a.people["owner"])
    team = stage.a.team
    console = browser.post(f"/console/identity/team/{team.pk}/change/", {"title": "taken", "_save": "Save"})
    headers = {"If-Match": "*"}
    api = browser.patch(f"/api/v1/teams/{team.name}/", {"title": "taken"}, "application/json", headers=headers)
    assert (console.status_code, api.status_code) == (403, 403)
    assert Team.objects.get(pk=team.pk).title == team.title


def test_no_order_is_taken_with_a_cookie_alone(stage):
    """None of the API's: without the token of its page it is not taken."""
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(stage.a.people["owner"])
    for operation in (each for each in OPERATIONS if not each.reads and each.id not in BEFORE_SIGN_IN):
        address = operation.address(operation.places(stage.a), operation.query(stage.a))
        send, body = getattr(browser, operation.method), operation.body(stage.a) or {}
        answer = send(address, body, content_type="application/json", headers={"If-Match": "*"})
        assert (answer.status_code, "CSRF" in answer.content.decode()) == (403, True), operation.id


def test_a_session_that_somebody_planted_is_not_signed_in(client, stage):
    """Its key is another once somebody has signed in."""
    client.get("/console/login/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    client.post("/console/login/", {"login": "owner-a", "password": "a long password"})
    assert client.get("/console/").status_code == 200
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    stranger = Client()
    stranger.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert stranger.get("/console/").status_code == 302


@pytest.mark.timeout(300)
def test_no_address_leads_out_of_where_it_is(stage):
    """Whatever stands in the place of a name is a name that is not there, and breaks no query; all else is right."""
    client = stage.b.client("owner")
    for operation in (each for each in OPERATIONS if each.id not in BEFORE_SIGN_IN | STREAMS):
        for where, name in [
            *(("path", each) for each in operation.names),
            *(("query", each) for each in operation.queries),
        ]:
            with transaction.atomic():
                for text in CROOKED if where == "path" else BROKEN:
                    request = Request(operation, stage)
                    request.put((where, name), text)
                    status = request.send(client).status_code
                    assert status in (301, 400, 403, 404, 405) if where == "path" else status < 500, str(request)
                transaction.set_rollback(True)
