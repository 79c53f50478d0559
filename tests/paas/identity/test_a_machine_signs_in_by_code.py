"""The device grant of RFC 8628: asked, approved once, fetched once; and what does not get through."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from paas.core.errors import Conflict, NotFound, Unauthenticated
from paas.core.models import AuditEvent
from paas.identity import devices, services
from paas.identity.models import ApiToken, DeviceGrant

AUTHORIZE, TOKEN = "/api/v1/oauth/device_authorization", "/api/v1/oauth/token"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
FORM = "application/x-www-form-urlencoded"


def form(client, at, **fields):
    from urllib.parse import urlencode

    return client.post(at, urlencode(fields), content_type=FORM)


@pytest.fixture
def begun(db):
    return devices.begin(client_id="dougong-cli", scope="deploy", machine="laptop", address="192.0.2.7")


@pytest.fixture
def ask(api):
    """ask(begun) → (status, body) of one question for the token."""

    def go(begun, **changes):
        said = {"grant_type": GRANT, "device_code": begun.device_code, "client_id": "dougong-cli", **changes}
        answer = form(api(), TOKEN, **said)
        return answer.status_code, answer.json()

    return go


def test_the_whole_way(api, owner, ask):
    answer = form(api(), AUTHORIZE, client_id="dougong-cli", scope="read", machine="olga@laptop")
    body = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert body["verification_uri_complete"] == f"{body['verification_uri']}?code={body['user_code']}"
    begun = devices.Begun(body["device_code"], body["user_code"], body["expires_in"], body["interval"])
    assert ask(begun)[1]["error"] == "authorization_pending"
    seen = devices.find(user_code=begun.user_code.lower().replace("-", " "), actor=owner)
    assert (seen.machine, seen.address, seen.scope) == ("olga@laptop", "127.0.0.1", "read")
    devices.decide(user_code=begun.user_code, approve=True, actor=owner)
    status, got = ask(begun)
    assert (status, got["token_type"], got["scope"]) == (200, "Bearer", "read")
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {got['access_token']}")
    assert client.get("/api/v1/me").json()["username"] == "olga"
    token = ApiToken.objects.get(user=owner)
    assert (token.scope, token.machine) == ("read", "olga@laptop")
    assert AuditEvent.objects.filter(action="device.approved", actor=owner).count() == 1


def test_codes_are_in_no_table_and_no_trail(begun, owner):
    devices.decide(user_code=begun.user_code, approve=True, actor=owner)
    kept = str(list(DeviceGrant.objects.values())) + str(list(AuditEvent.objects.values()))
    assert begun.device_code not in kept
    assert begun.user_code not in kept
    assert begun.user_code.replace("-", "") not in kept


def test_a_token_is_fetched_once(begun, owner, ask):
    devices.decide(user_code=begun.user_code, approve=True, actor=owner)
    assert ask(begun)[0] == 200
    status, again = ask(begun)
    assert (status, again["error"]) == (400, "invalid_grant")
    assert ApiToken.objects.filter(user=owner).count() == 1


def test_what_is_declined_stays_declined(begun, owner, ask):
    devices.decide(user_code=begun.user_code, approve=False, actor=owner)
    assert ask(begun)[1]["error"] == "access_denied"
    with pytest.raises(Conflict) as refused:
        devices.decide(user_code=begun.user_code, approve=True, actor=owner)
    assert refused.value.code == "device_code_decided"
    assert ask(begun)[1]["error"] == "access_denied"
    assert not ApiToken.objects.exists()


def test_a_code_ends(begun, owner, ask):
    with time_machine.travel(timezone.now() + devices.LIFE + timedelta(seconds=1), tick=False):
        assert ask(begun)[1]["error"] == "expired_token"
        with pytest.raises(NotFound):
            devices.decide(user_code=begun.user_code, approve=True, actor=owner)
        services.remove_expired_tokens()
    assert not DeviceGrant.objects.exists()


def test_approved_and_fetched_too_late(begun, owner, ask):
    devices.decide(user_code=begun.user_code, approve=True, actor=owner)
    with time_machine.travel(timezone.now() + devices.LIFE + timedelta(seconds=1), tick=False):
        assert ask(begun)[1]["error"] == "expired_token"
    assert not ApiToken.objects.exists()


def test_who_asks_too_often_is_slowed_down(begun, ask):
    now = timezone.now()
    said = []
    for seconds in (0, 5, 6, 12, 30):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            said.append(ask(begun)[1]["error"])
    # The second one too soon waits ten seconds, the third one fifteen.
    waits = "authorization_pending"
    assert said == [waits, waits, "slow_down", "slow_down", waits]
    assert DeviceGrant.objects.get().interval == 15


def test_a_code_belongs_to_the_program_that_asked(begun, owner, ask, monkeypatch):
    devices.decide(user_code=begun.user_code, approve=True, actor=owner)
    status, body = ask(begun, client_id="another")
    assert (status, body["error"]) == (401, "invalid_client")
    monkeypatch.setattr(devices, "CLIENTS", frozenset({"dougong-cli", "another"}))
    assert ask(begun, client_id="another")[1]["error"] == "invalid_grant"
    assert ask(begun)[0] == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"device_code": "guess"}, "invalid_grant"),
        ({"device_code": ""}, "invalid_request"),
        ({"client_id": "x" * 41}, "invalid_request"),
    ],
)
def test_wrong_questions(begun, ask, changes, error):
    status, body = ask(begun, **changes)
    assert (status, body["error"]) == (400, error)


def test_wrong_beginnings(api, db):
    assert form(api(), AUTHORIZE).json()["error"] == "invalid_request"
    assert form(api(), AUTHORIZE, client_id="x").status_code == 401
    assert form(api(), AUTHORIZE, client_id="dougong-cli", scope="root").json()["error"] == "invalid_scope"
    assert api().post(AUTHORIZE, {"client_id": "dougong-cli"}, format="json").json()["error"] == "invalid_request"
    assert not DeviceGrant.objects.exists()


def test_asking_for_codes_is_limited_whatever_address_is_claimed(api, db):
    answers = [
        api().post(AUTHORIZE, "client_id=dougong-cli", content_type=FORM, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
        for number in range(31)
    ]
    assert [each.status_code for each in answers] == [200] * 30 + [429]
    assert answers[-1].json()["error"] == "slow_down"
    assert int(answers[-1]["Retry-After"]) > 0


def test_guessing_user_codes_is_limited_by_person(client, owner, begun):
    client.force_login(owner)
    answers = [client.post("/console/device/", {"code": f"BBBB-BBB{letter}"}) for letter in devices.ALPHABET[:11]]
    assert [each.status_code for each in answers] == [200] * 10 + [429]
    locked = client.post("/console/device/", {"code": begun.user_code, "decision": "approve"})
    assert locked.status_code == 429
    assert DeviceGrant.objects.get().state == "pending"


def test_nobody_approves_without_signing_in(client, begun, owner):
    answer = client.post("/console/device/", {"code": begun.user_code, "decision": "approve"})
    assert (answer.status_code, "/login/" in answer["Location"]) == (302, True)
    owner.is_active = False
    with pytest.raises(Unauthenticated):
        devices.decide(user_code=begun.user_code, approve=True, actor=owner)
    assert DeviceGrant.objects.get().state == "pending"


def test_following_the_address_approves_nothing(client, begun, owner):
    client.force_login(owner)
    page = client.get("/console/device/", {"code": begun.user_code}).content.decode()
    assert "laptop" in page
    assert "192.0.2.7" in page
    assert "view and deploy what you may" in page
    assert DeviceGrant.objects.get().state == "pending"
    page = client.post("/console/device/", {"code": begun.user_code, "decision": "approve"}).content.decode()
    assert "laptop is signed in as you" in page
    row = DeviceGrant.objects.get()
    assert (row.state, row.user) == ("approved", owner)


def test_a_person_kept_out_after_approving_brings_no_token(begun, owner, admin, ask):
    devices.decide(user_code=begun.user_code, approve=True, actor=owner)
    services.set_active(user=owner, active=False, actor=admin)
    assert ask(begun)[1]["error"] == "access_denied"
    assert not ApiToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does(person):
    begun = devices.begin(client_id="dougong-cli", scope="read", machine="laptop", address=None)
    people = [person("olga"), person("victor")]
    start, said = threading.Barrier(2), {}

    def approve(user):
        start.wait(10)
        try:
            devices.decide(user_code=begun.user_code, approve=True, actor=user)
            said[user.username] = "approved"
        except Conflict as refused:
            said[user.username] = refused.code
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said.values()) == ["approved", "device_code_decided"]
    row = DeviceGrant.objects.get()
    assert said[row.user.username] == "approved"
    assert AuditEvent.objects.filter(action="device.approved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_fetch_at_once_one_gets_it(person):
    begun = devices.begin(client_id="dougong-cli", scope="read", machine="laptop", address=None)
    devices.decide(user_code=begun.user_code, approve=True, actor=person("olga"))
    start, said = threading.Barrier(2), []

    def fetch():
        start.wait(10)
        try:
            said.append(devices.redeem(client_id="dougong-cli", device_code=begun.device_code).scope)
        except devices.OAuthError as refused:
            said.append(refused.error)
        finally:
            connection.close()

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["invalid_grant", "read"]
    assert ApiToken.objects.count() == 1
