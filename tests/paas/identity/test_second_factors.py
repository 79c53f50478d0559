"""A password alone is not enough for who has a second factor, nor for who must have one."""

import re
import time
from uuid import uuid4

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse

from paas.core.encryption import EncryptedTextField
from paas.core.errors import Conflict, Forbidden
from paas.core.models import AuditEvent
from paas.core.rotation import encrypted_columns
from paas.core.site import console
from paas.identity import second_factor, services
from paas.identity.models import ApiToken, FactorSecret

LOGIN, CODE, SECURITY = "/console/login/", "/console/login/code/", "/console/account/"


def password_of(user):
    return f"{user.username} likes dumplings"


def sign_in(client, user, password=None, at=LOGIN):
    return client.post(at, {"login": user.username, "password": password or password_of(user)})


def now(secret, offset=0):
    """The code that an app would show."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + offset))


def confirm(client, password):
    """Show that it is oneself; good for five minutes."""
    return client.post(f"{reverse('account_reauthenticate')}?next={SECURITY}", {"password": password})


def add_app(client, password="olga likes dumplings"):
    """As a person does, who has signed in: (secret, recovery codes)."""
    assert confirm(client, password)["Location"] == SECURITY
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    secret = re.search(r"<code[^>]*>\s*([A-Z2-7]{16,})\s*</code>", page)[1]
    answer = client.post(reverse("mfa_activate_totp"), {"code": now(secret)})
    assert answer.status_code == 302, answer.content.decode()
    shown = client.get(answer["Location"]).content.decode()
    return secret, re.findall(r"<li>(\d{8})</li>", shown)


@pytest.fixture(autouse=True)
def _a_clock_that_stands():
    """So that no code is over before it is sent."""
    with time_machine.travel(time.time() // 30 * 30 + 5, tick=False):
        yield


@pytest.fixture
def app(client, owner):
    """An app of the owner's, who is signed out again: (secret, recovery codes)."""
    sign_in(client, owner)
    found = add_app(client)
    client.post("/console/logout/")
    # The code that was used for adding is used up: go on when there is another.
    with time_machine.travel(time.time() + 120, tick=False):
        yield found


@pytest.fixture
def rule(settings):
    def set_to(value):
        settings.DOUGONG = settings.DOUGONG.model_copy(update={"second_factor": value})

    return set_to


def events(action):
    return list(AuditEvent.objects.filter(action=action).order_by("id"))


def test_who_has_none_signs_in_by_password(client, owner):
    assert sign_in(client, owner)["Location"] == "/console/"
    assert client.get("/console/").status_code == 200
    assert events("sign_in.succeeded")[-1].after == {"by": ["password"]}


def test_who_has_one_is_asked_for_it(client, owner, app):
    secret, _ = app
    assert sign_in(client, owner)["Location"] == CODE
    assert client.get("/console/").status_code == 302
    assert client.get("/api/v1/me").status_code in (401, 403)
    assert client.post(CODE, {"code": now(secret)})["Location"] == "/console/"
    assert client.get("/console/").status_code == 200
    assert events("sign_in.succeeded")[-1].after == {"by": ["password", "totp"]}


def test_the_way_to_a_page_is_kept_over_the_second_factor(client, owner, app):
    secret, _ = app
    sign_in(client, owner, at=f"{LOGIN}?next=/console/tokens/")
    assert client.post(CODE, {"code": now(secret)})["Location"] == "/console/tokens/"


def test_nobody_is_led_to_another_host(client, owner):
    assert sign_in(client, owner, at=f"{LOGIN}?next=https://evil.example/")["Location"] == "/console/"


def test_a_wrong_code_lets_nobody_in_and_is_told(client, owner, app):
    sign_in(client, owner)
    answer = client.post(CODE, {"code": "000000"})
    assert answer.status_code == 200
    assert client.get("/console/").status_code == 302
    failed = events("sign_in.failed")[-1]
    assert (failed.object_name, failed.how) == ("olga", "second factor totp")


def test_a_code_works_once(client, owner, app):
    secret, _ = app
    code = now(secret)
    sign_in(client, owner)
    client.post(CODE, {"code": code})
    client.post("/console/logout/")
    sign_in(client, owner)
    assert client.post(CODE, {"code": code}).status_code == 200
    assert client.get("/console/").status_code == 302


def test_a_recovery_code_works_once(client, owner, app):
    _, codes = app
    assert len(codes) == 10
    for status in (302, 200):
        sign_in(client, owner)
        assert client.post(CODE, {"code": codes[0]}).status_code == status
        client.post("/console/logout/")


def test_codes_cannot_be_guessed_at(client, owner, app):
    for _ in range(10):
        sign_in(client, owner)
        client.post(CODE, {"code": "000000"})
    secret, _ = app
    sign_in(client, owner)
    client.post(CODE, {"code": now(secret)})
    assert client.get("/console/").status_code == 302


def test_passwords_cannot_be_guessed_at(client, owner):
    answers = [sign_in(client, owner, "wrong") for _ in range(11)]
    assert answers[-1].status_code == 429 or "Too many" in answers[-1].content.decode()
    assert sign_in(client, owner).status_code in (200, 429)
    assert client.get("/console/").status_code == 302


def test_the_page_of_an_address_that_tried_too_often_is_one_of_ours(client, owner):
    answers = [sign_in(client, owner, "wrong") for _ in range(12)]
    assert answers[-1].status_code == 429
    assert "Too many attempts" in answers[-1].content.decode()
    assert "dougong/console.css" in answers[-1].content.decode()


def test_a_header_makes_no_other_address_of_one(client, owner):
    for number in range(12):
        answer = client.post(
            LOGIN, {"login": "olga", "password": "wrong"}, headers={"X-Forwarded-For": f"192.0.2.{number}"}
        )
    assert answer.status_code == 429


@pytest.mark.parametrize("address", ["/console/login/", "/console/login/?next=/console/login/"])
def test_django_s_own_page_of_signing_in_is_not_there(client, owner, app, address):
    answer = client.post(address, {"username": "olga", "login": "olga", "password": password_of(owner)})
    assert answer["Location"].startswith(CODE)
    with pytest.raises(PermissionDenied):
        console.login(answer.wsgi_request)


def test_a_password_brings_no_token_to_who_has_a_second_factor(api, owner, app):
    before = ApiToken.objects.count()
    answer = api().post("/api/v1/login", {"username": "olga", "password": password_of(owner), "name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")
    assert ApiToken.objects.count() == before
    assert events("sign_in.failed")[-1].how == "password alone"


def test_a_wrong_password_is_told_the_same_with_a_second_factor_or_without(api, owner, app):
    answer = api().post("/api/v1/login", {"username": "olga", "password": "wrong", "name": "x"})
    assert answer.json()["code"] == "login_failed"


def test_adding_and_removing_are_audited(client, owner):
    sign_in(client, owner)
    add_app(client)
    assert events("second_factor.added")[0].after == {"kind": "totp"}
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert {event.before["kind"] for event in events("second_factor.removed")} == {"totp", "recovery_codes"}
    assert not Authenticator.objects.filter(user=owner).exists()
    assert not FactorSecret.objects.filter(user=owner).exists()


def test_secrets_are_sealed_and_rotated_with_all_others(client, owner):
    sign_in(client, owner)
    secret, codes = add_app(client)
    rows = str(list(Authenticator.objects.values())) + str(list(FactorSecret.objects.values_list("value", flat=True)))
    assert secret not in rows
    assert not [code for code in codes if code in rows]
    assert FactorSecret in {model for model, field in encrypted_columns() if isinstance(field, EncryptedTextField)}


def test_recovery_codes_are_shown_once(client, owner):
    sign_in(client, owner)
    _, codes = add_app(client)
    page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert not [code for code in codes if code in page]


def test_a_factor_is_added_only_by_who_shows_that_it_is_them(client, owner):
    sign_in(client, owner)
    add = reverse("mfa_activate_totp")
    assert client.get(add)["Location"].startswith(reverse("account_reauthenticate"))
    assert confirm(client, "wrong").status_code == 200
    assert client.get(add).status_code == 302
    assert confirm(client, password_of(owner)).status_code == 302
    assert client.get(add).status_code == 200
    with time_machine.travel(time.time() + 600, tick=False):
        assert client.get(add)["Location"].startswith(reverse("account_reauthenticate"))


def test_one_s_own_passkey_is_removed_after_a_question(client, owner):
    key = Authenticator.objects.create(user=owner, type="webauthn", data={"name": "My laptop", "credential": {}})
    client.force_login(owner)
    confirm(client, password_of(owner))
    page = reverse("mfa_remove_webauthn", args=[key.pk])
    assert "My laptop" in client.get(SECURITY).content.decode()
    assert "My laptop" in client.get(page).content.decode()
    assert second_factor.kinds(owner) == ["webauthn"]
    assert client.post(page).status_code == 302
    assert second_factor.kinds(owner) == []
    assert events("second_factor.removed")[-1].before == {"kind": "webauthn", "name": "My laptop"}


def test_nobody_removes_another_s_passkey(client, owner, viewer):
    key = Authenticator.objects.create(user=viewer, type="webauthn", data={"name": "x", "credential": {}})
    sign_in(client, owner)
    confirm(client, password_of(owner))
    assert client.post(reverse("mfa_remove_webauthn", args=[key.pk])).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize(
    "path", ["signup/", "password/reset/", "login/code/request/", "email/", "login/new/", "accounts/signup/"]
)
def test_what_is_not_offered_is_not_there(client, db, path):
    answer = client.get(f"/console/{path}", follow=True)
    assert answer.status_code == 404 or answer.redirect_chain[-1][0].startswith(LOGIN)


# --- who must have one ---


def test_an_operator_who_must_have_one_is_led_to_it(client, operator, rule):
    rule("operators")
    sign_in(client, operator)
    assert client.get("/console/")["Location"] == SECURITY
    assert client.get("/console/tokens/")["Location"] == SECURITY
    assert "You need a second factor" in client.get(SECURITY).content.decode()
    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
    add_app(client, password_of(operator))
    assert client.get("/console/").status_code == 200
    assert client.get("/api/v1/me").status_code == 200


def test_the_rule_for_operators_holds_for_superusers_and_for_nobody_else(client, admin, owner, rule):
    rule("operators")
    sign_in(client, owner)
    assert client.get("/console/").status_code == 200
    client.post("/console/logout/")
    sign_in(client, admin, "a long password")
    assert client.get("/console/")["Location"] == SECURITY


def test_the_rule_for_everyone(client, owner, rule):
    rule("everyone")
    sign_in(client, owner)
    assert client.get("/console/")["Location"] == SECURITY


def test_the_token_of_an_operator_without_one_waits_for_it(api, operator, rule):
    client = api(operator)
    assert client.get("/api/v1/me").status_code == 200
    rule("operators")
    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
    Authenticator.objects.create(user=operator, type="webauthn", data={"name": "x", "credential": {}})
    assert client.get("/api/v1/me").status_code == 200


def test_a_password_brings_no_token_to_who_must_have_one(api, operator, rule):
    rule("operators")
    answer = api().post("/api/v1/login", {"username": "oscar", "password": password_of(operator), "name": "x"})
    assert answer.json()["code"] == "second_factor_needed"


def test_becoming_an_operator_asks_for_one_at_once(client, owner, admin, rule):
    rule("operators")
    sign_in(client, owner)
    assert client.get("/console/").status_code == 200
    services.set_operator(user=owner, operator=True, actor=admin)
    assert client.get("/console/")["Location"] == SECURITY


def test_recovery_codes_alone_are_no_second_factor(client, operator, rule):
    Authenticator.objects.create(user=operator, type="recovery_codes", data={"seed": str(uuid4()), "used_mask": 0})
    rule("operators")
    sign_in(client, operator)
    assert client.get("/console/")["Location"] == SECURITY


# --- the reset ---


def test_an_operator_resets_it_with_a_reason(client, owner, operator, app):
    second_factor.reset(user=owner, reason="lost her telephone", actor=operator)
    assert not Authenticator.objects.filter(user=owner).exists()
    assert not FactorSecret.objects.filter(user=owner).exists()
    assert sign_in(client, owner)["Location"] == "/console/"
    [event] = events("second_factor.reset")
    assert (event.actor, event.reason) == (operator, "lost her telephone")
    assert event.before == {"factors": ["recovery_codes", "totp"]}


def test_nobody_else_resets_it(owner, viewer, app):
    with pytest.raises(Forbidden):
        second_factor.reset(user=owner, reason="x", actor=viewer)
    assert second_factor.kinds(owner)


def test_one_s_own_is_not_reset(operator):
    Authenticator.objects.create(user=operator, type="webauthn", data={"name": "x", "credential": {}})
    with pytest.raises(Conflict) as refused:
        second_factor.reset(user=operator, reason="x", actor=operator)
    assert refused.value.code == "second_factor_own"
    assert second_factor.kinds(operator)


def test_an_operator_does_not_reset_a_superuser_s(admin, operator):
    Authenticator.objects.create(user=admin, type="webauthn", data={"name": "x", "credential": {}})
    with pytest.raises(Forbidden) as refused:
        second_factor.reset(user=admin, reason="x", actor=operator)
    assert refused.value.code == "superuser_required"
    assert second_factor.kinds(admin)


def test_the_page_of_the_reset(client, owner, operator, app):
    client.force_login(operator)
    person = client.get(reverse("admin:identity_user_change", args=[owner.pk])).content.decode()
    page = reverse("admin:identity_user_second_factor", args=[owner.pk])
    assert "authenticator app" in person
    assert page in person
    assert client.post(page, {"reason": ""}).status_code == 200
    assert second_factor.kinds(owner) == ["totp"]
    assert client.post(page, {"reason": "lost"}).status_code == 302
    assert second_factor.kinds(owner) == []
    assert "second_factor_absent" in client.post(page, {"reason": "lost"}).content.decode()


def test_the_page_of_the_reset_is_for_operators(client, owner, viewer, app):
    client.force_login(viewer)
    page = reverse("admin:identity_user_second_factor", args=[owner.pk])
    client.post(page, {"reason": "lost"})
    assert second_factor.kinds(owner) == ["totp"]


def test_the_last_operator_is_let_in_on_the_server(admin, capsys):
    Authenticator.objects.create(user=admin, type="webauthn", data={"name": "x", "credential": {}})
    call_command("reset_second_factor", "admin", "--reason", "locked out")
    assert not second_factor.kinds(admin)
    [event] = events("second_factor.reset")
    assert (event.actor_name, event.reason) == ("system", "locked out")
    with pytest.raises(CommandError, match="no second factor"):
        call_command("reset_second_factor", "admin", "--reason", "again")
    with pytest.raises(CommandError, match="no person"):
        call_command("reset_second_factor", "nobody", "--reason", "x")
