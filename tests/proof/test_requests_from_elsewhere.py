"""What another site, a planted cookie or a crooked address can do with somebody's session: nothing."""

from django.conf import settings
from django.test import Client

from paas.identity.models import Team
from tests.proof.operations import BEFORE_SIGN_IN, OPERATIONS, STREAMS
from tests.proof.trespass import Request

CROOKED = [
    *("..", ".", "../../etc/passwd", "..\\..\\x", "/etc/passwd", "%2e%2e%2f", "a\0b", "a\nb", "a\r\nX: y", "\u202ea"),
    *("\U0001d482", "'", '"', "a;b", "*", "%", "$(id)", "{{7*7}}", "~root", "a" * 5000, " ", "-1", "9" * 40, "\ufffe"),
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
    client.post("/console/login/", {"username": "owner-a", "password": "a long password"})
    assert client.get("/console/").status_code == 200
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    stranger = Client()
    stranger.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert stranger.get("/console/").status_code == 302


def test_no_address_leads_out_of_where_it_is(stage):
    """Whatever stands in the place of a name, in address or query, is a name that is not there."""
    client = stage.a.client("owner")
    for operation in (each for each in OPERATIONS if each.id not in BEFORE_SIGN_IN | STREAMS):
        for text in CROOKED:
            for name in operation.names:
                request = Request(operation, stage)
                request.places[name] = text
                assert request.send(client).status_code in (301, 400, 403, 404, 405), str(request)
            for name in operation.queries:
                request = Request(operation, stage)
                request.query[name] = text
                assert request.send(client).status_code < 500, str(request)
