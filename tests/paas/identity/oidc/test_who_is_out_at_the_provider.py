"""Who signs out at their provider, or is refused there, is out here too."""

import time

import jwt
import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.test import Client
from pydantic import SecretStr
from structlog.testing import capture_logs

from paas.core.errors import Conflict
from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.models import ApiToken, OidcAccount, User
from paas.identity.oidc import documents, following
from paas.identity.roles import teams_of
from tests.paas.identity.oidc.visits import SIGNED_OUT, WEI, inside, told
from tests.paas.identity.openid_provider import EVENT, Key

# --- signed out at the provider ---


def said(client, token):
    return client.post(SIGNED_OUT, {"logout_token": token}).status_code


def out(wei, client):
    return not inside(client) and wei.bearer.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("whom", [{"sub": "4711"}, {"sid": "s1"}, {"sub": "4711", "sid": "s1"}])
def test_who_signed_out_at_the_provider_is_out_here(client, openid, wei, whom):
    assert said(Client(enforce_csrf_checks=True), openid.logout_token(**whom)) == 200
    assert out(wei, client)
    assert not ApiToken.objects.filter(user=wei).exists()
    [event] = AuditEvent.objects.filter(action="user.active_set")
    assert event.reason == "signed out at the provider (corp)"


def test_whoever_signs_in_again_is_in_again_and_old_tokens_are_not(client, openid, come, wei):
    before = Client()
    before.cookies = client.cookies.copy()
    assert inside(before)
    said(client, openid.logout_token(sub="4711"))
    come()
    assert inside(client)
    assert not inside(before)
    assert wei.bearer.get("/api/v1/me").status_code == 401


def test_an_account_that_an_operator_opened_is_theirs_to_close(client, openid, come, wei, admin):
    said(client, openid.logout_token(sub="4711"))
    wei.refresh_from_db()
    services.set_active(user=wei, active=True, actor=admin)
    services.set_active(user=wei, active=False, actor=admin)
    assert "closed your account" in told(client, come())


def test_a_name_of_the_provider_s_is_not_made_the_first_superuser(wei):
    with pytest.raises(Conflict):
        services.bootstrap_admin(username="wei", password="a long password")
    assert not User.objects.get(username="wei").is_superuser


def test_a_logout_of_another_ends_nobody(client, openid, wei):
    assert said(client, openid.logout_token(sub="another")) == 200
    assert said(client, openid.logout_token(sid="another")) == 200
    assert inside(client)


BAD = {
    "another audience": {"aud": "b"}, "another issuer": {"iss": "https://evil.example"}, "no events": {"events": None},
    "an event of another kind": {"events": {"x": {}}}, "an event that is no object": {"events": {EVENT: True}},
    "a nonce": {"nonce": "x"}, "no jti": {"jti": None}, "old": {"iat": int(time.time()) - 3600},
    "expired": {"exp": int(time.time()) - 60}, "nobody": {"sub": None},
}  # fmt: skip


@pytest.mark.parametrize("bent", BAD.values(), ids=BAD)
def test_a_bad_logout_token_ends_nobody(client, openid, wei, bent):
    assert said(client, openid.logout_token(**{"sub": "4711", **bent})) == 400
    assert inside(client)


def test_a_forged_logout_token_ends_nobody(client, openid, wei):
    for signer in (Key("other").sign, Key("first").sign, lambda claims: jwt.encode(claims, None, algorithm="none")):
        openid.signer = signer
        assert said(client, openid.logout_token(sub="4711")) == 400
    assert said(client, "") == 400
    assert said(client, openid.id_token(WEI, nonce="x")) == 400
    assert inside(client)


def test_a_logout_token_works_once(client, openid, come, wei):
    token = openid.logout_token(sub="4711")
    assert said(client, token) == 200
    come()
    assert said(client, token) == 400
    assert inside(client)


def test_an_identity_token_is_no_logout_token_nor_the_other_way(client, openid, come, team):
    openid.signer = lambda claims: openid.key.sign({**claims, "nonce": None, "events": {EVENT: {}}})
    come()
    assert not inside(client)


def test_a_provider_that_is_not_set_says_nothing(client, openid, wei):
    assert client.post("/console/login/by/other/signed-out/", {"logout_token": "x"}).status_code == 404


# --- followed ---


@pytest.fixture
def later():
    with time_machine.travel(time.time() + 60, tick=True):
        yield


def test_who_may_still_come_stays_and_the_next_token_is_kept(client, openid, wei, later):
    before = OidcAccount.objects.get().refresh_token
    assert following.follow() == 1
    after = OidcAccount.objects.get().refresh_token
    assert after != before
    assert after in openid.tokens
    assert inside(client)


def test_nobody_is_asked_for_too_often(client, openid, wei):
    with time_machine.travel(OidcAccount.objects.get().checked_at, tick=True):
        assert following.follow() == 0


def test_whom_the_provider_refuses_is_out(client, openid, wei, later):
    openid.tokens.clear()
    following.follow()
    assert out(wei, client)
    assert OidcAccount.objects.get().refresh_token == ""
    assert AuditEvent.objects.get(action="user.active_set").reason.startswith("the provider refuses to renew")
    assert following.follow() == 0


def test_a_provider_that_is_down_locks_nobody_out(client, openid, wei, later):
    openid.stop()
    documents.forget()
    following.follow()
    assert inside(client)
    assert wei.bearer.get("/api/v1/me").status_code == 200


def test_a_provider_that_does_not_know_us_locks_nobody_out(client, settings, corp, openid, wei, later):
    wrong = corp.model_copy(update={"client_secret": SecretStr("changed")})
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"oidc_providers": (wrong,)})
    following.follow()
    assert inside(client)


def test_who_signs_in_while_they_are_being_refused_stays(client, openid, wei, later, monkeypatch):
    from paas.identity.oidc import conversation, people

    async def signs_in(provider, token, **_):
        await sync_to_async(people.admit)(provider, WEI, refresh_token="newer")
        raise conversation.GrantError("over")

    monkeypatch.setattr(conversation, "renew", signs_in)
    following.follow()
    assert inside(client)
    assert OidcAccount.objects.get().refresh_token == "newer"


def test_a_refresh_token_is_sealed(client, openid, wei):
    from django.db import connection

    [token] = openid.tokens
    with connection.cursor() as cursor:
        cursor.execute("SELECT refresh_token FROM identity_oidcaccount")
        assert token not in cursor.fetchone()[0]


# --- moved from group to group ---


def regrouped(openid, **claims):
    """The same people, with other claims from now on."""
    openid.tokens = {token: {**person, **claims} for token, person in openid.tokens.items()}


def roles_of(user):
    return {(team.name, role) for team, role in teams_of(user)}


def test_who_is_dropped_from_all_groups_is_out_with_the_next_renewal(client, openid, wei, later):
    assert roles_of(wei)
    regrouped(openid, groups=[])
    following.follow()
    assert out(wei, client)
    assert roles_of(wei) == set()
    assert AuditEvent.objects.get(action="user.active_set").reason.startswith("in no mapped group")


def test_who_is_in_another_group_has_another_role_and_stays(client, openid, wei, later, corp):
    [(_, before)] = roles_of(wei)
    name, role = next(
        (group, words[0].partition(":")[2]) for group, words in corp.groups.items()
        if words[0].startswith("shop:") and not words[0].endswith(before)
    )  # fmt: skip
    regrouped(openid, groups=[name])
    following.follow()
    assert roles_of(wei) == {("shop", role)}
    assert inside(client)


def refused_tokens():
    """A run, of which it is told that tokens were not right, and nothing else: of how many people."""
    with capture_logs() as logs:
        following.follow()
    [said] = logs
    assert (said["event"], said["log_level"], said["provider"]) == ("sso_token_refused", "warning", "corp")
    assert said["error"]
    return said["people"]


@pytest.mark.parametrize(
    "bent", [{"aud": "b"}, {"iss": "https://evil.example"}, {"sub": "another"}, {"exp": int(time.time()) - 600}]
)
def test_a_renewed_token_that_is_not_right_changes_nothing(client, openid, wei, later, bent):
    before = roles_of(wei)
    regrouped(openid, groups=[])
    openid.bent = bent
    assert refused_tokens() == 1
    assert roles_of(wei) == before
    assert inside(client)


def test_a_renewed_token_by_another_key_changes_nothing(client, openid, wei, later):
    before = roles_of(wei)
    regrouped(openid, groups=[])
    openid.signer = Key("first").sign
    assert refused_tokens() == 1
    assert roles_of(wei) == before
    assert inside(client)


def test_a_provider_that_renews_without_an_identity_token_keeps_roles_till_the_next_sign_in(client, openid, wei, later):
    before = roles_of(wei)
    regrouped(openid, groups=[])
    openid.vouches = False
    following.follow()
    assert roles_of(wei) == before
    assert inside(client)


def test_a_provider_that_leaves_the_groups_out_of_renewals_is_set_so(client, openid, wei, later, corp, settings):
    before = roles_of(wei)
    lazy = corp.model_copy(update={"groups_renewed": False})
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"oidc_providers": (lazy,)})
    regrouped(openid, groups=None)
    following.follow()
    assert roles_of(wei) == before
    assert inside(client)
