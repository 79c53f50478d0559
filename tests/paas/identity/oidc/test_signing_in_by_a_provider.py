"""People sign in by an OpenID provider, and get what its groups give; whoever forges its word gets nothing."""

import time

import jwt
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from pydantic import ValidationError

from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.models import OPERATORS, OidcAccount, User
from paas.identity.oidc import documents
from paas.identity.oidc.providers import Provider
from paas.identity.roles import role_of
from tests.paas.identity.oidc.visits import BACK, GROUPS, WEI, failures, inside, told
from tests.paas.identity.openid_provider import CLIENT, SECRET, Key

# --- in ---


def test_the_page_of_signing_in_offers_the_provider(client, corp, db):
    assert "Log in by Corp" in client.get("/console/login/").content.decode()


def test_somebody_new_gets_an_account_and_what_their_groups_give(client, come, team):
    assert come()["Location"] == "/console/"
    assert inside(client)
    wei = User.objects.get(username="wei")
    assert (wei.email, wei.has_usable_password(), role_of(team, wei)) == ("wei@example.test", False, "developer")
    created = AuditEvent.objects.get(action="user.created", object_name="wei")
    assert created.after == {"username": "wei", "provider": "corp", "subject": "4711"}
    assert AuditEvent.objects.get(action="sign_in.succeeded", object_name="wei").after == {"by": ["sso"]}


def test_the_same_person_comes_back_to_the_same_account(client, come, team):
    come()
    client.post("/console/logout/")
    come({**WEI, "preferred_username": "wei.li", "email": "other@example.test"})
    assert inside(client)
    assert OidcAccount.objects.get().user.username == "wei"
    assert not User.objects.filter(username="wei.li").exists()


def test_the_way_to_a_page_is_kept(client, come, team):
    assert come(at="/console/login/by/corp/?next=/console/tokens/")["Location"] == "/console/tokens/"
    client.post("/console/logout/")
    assert come(at="/console/login/by/corp/?next=https://evil.example/")["Location"] == "/console/"


def test_a_second_factor_is_asked_for_here_too(client, come, team):
    come()
    client.post("/console/logout/")
    wei = User.objects.get(username="wei")
    Authenticator.objects.create(user=wei, type="webauthn", data={"name": "x", "credential": {}})
    assert come()["Location"] == "/console/login/code/"
    assert not inside(client)


def test_groups_are_mirrored_at_each_sign_in_and_roles_given_by_hand_stay(client, come, team, owner, admin):
    come({**WEI, "groups": ["it"]})
    wei = User.objects.get(username="wei")
    assert wei.groups.filter(name=OPERATORS).exists()
    other = services.create_team(name="other", actor=admin)
    services.add_member(team=other, user=wei, role="owner", actor=admin)
    client.post("/console/logout/")
    come({**WEI, "groups": ["shop-lead", "unknown"]})
    wei = User.objects.get(username="wei")
    assert not wei.groups.filter(name=OPERATORS).exists()
    assert (role_of(team, wei), role_of(other, wei)) == ("owner", "owner")
    told = [event.after for event in AuditEvent.objects.filter(action="team.member_mirrored").order_by("id")]
    assert {"user": "wei", "role": "owner", "by": "corp"} in told
    assert {"user": "wei", "role": None, "by": "corp"} in told


def test_groups_down_a_path_of_claims():
    provider = Provider(
        id="x", name="X", issuer="https://x.test", client_id="x", groups_claim="realm_access.roles", groups=GROUPS
    )
    assert provider.roles({"realm_access": {"roles": ["shop-dev", "else"]}}) == {"shop:developer"}
    assert provider.roles({"realm_access": {"roles": {"shop-dev": 1}}}) == frozenset()
    assert provider.roles({"groups": ["shop-dev"]}) == frozenset()


# --- out: who is not let in ---


def test_who_is_in_no_mapped_group_stays_out(client, come, team):
    assert "none of the groups" in told(client, come({**WEI, "groups": ["visitors"]}))
    assert not User.objects.filter(username="wei").exists()
    assert failures() == ["corp: sso_not_admitted"]


def test_who_has_left_all_mapped_groups_is_out(client, come, team, api):
    come()
    wei = User.objects.get(username="wei")
    bearer = api(wei)
    client.post("/console/logout/")
    come({**WEI, "groups": []})
    assert not inside(client)
    assert bearer.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"preferred_username": "olga"},
        {"preferred_username": "OLGA"},
        {"preferred_username": "olga", "email_verified": True},
    ],
)
def test_nobody_gets_an_account_for_being_called_the_same(client, come, team, owner, claims):
    page = told(client, come({**WEI, **claims, "email": owner.email}))
    assert "There is an account named" in page
    assert not inside(client)
    assert not OidcAccount.objects.exists()


def test_nobody_gets_an_account_for_an_equal_address(client, come, team, owner):
    User.objects.filter(pk=owner.pk).update(email="wei@example.test")
    come()
    assert inside(client)
    assert OidcAccount.objects.get().user.username == "wei"
    assert OidcAccount.objects.get().user != owner


def test_an_account_that_an_operator_closed_stays_closed(client, come, team, admin):
    come()
    client.post("/console/logout/")
    services.set_active(user=User.objects.get(username="wei"), active=False, actor=admin)
    assert "closed your account" in told(client, come())
    assert not inside(client)


# --- forged: each refused, and told ---


def hs256(openid):
    """Signed by what both know, or by the public key as if it were a secret."""
    return lambda claims: jwt.encode(claims, SECRET.ljust(32, "x"), algorithm="HS256", headers={"kid": "first"})


FORGED = {
    "another audience": lambda openid: openid.bent.update(aud="somebody-else"),
    "an audience of many, made for another": lambda openid: openid.bent.update(aud=[CLIENT, "b"], azp="b"),
    "an audience of many, without saying for whom": lambda openid: openid.bent.update(aud=[CLIENT, "b"]),
    "another issuer": lambda openid: openid.bent.update(iss="https://evil.example"),
    "no issuer": lambda openid: openid.bent.update(iss=None),
    "another nonce": lambda openid: openid.bent.update(nonce="another"),
    "no nonce": lambda openid: openid.bent.update(nonce=None),
    "expired": lambda openid: openid.bent.update(exp=int(time.time()) - 60),
    "for ever": lambda openid: openid.bent.update(exp=None),
    "of the future": lambda openid: openid.bent.update(iat=int(time.time()) + 600),
    "nobody": lambda openid: openid.bent.update(sub=None),
    "an empty name": lambda openid: openid.bent.update(sub=""),
    "a key that is not published": lambda openid: setattr(openid, "signer", Key("other").sign),
    "another key under a known id": lambda openid: setattr(openid, "signer", Key("first").sign),
    "no signature": lambda openid: setattr(openid, "signer", lambda claims: jwt.encode(claims, None, algorithm="none")),
    "a shared secret": lambda openid: setattr(openid, "signer", hs256(openid)),
    "no token": lambda openid: setattr(openid, "signer", lambda claims: "x.y.z"),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_lets_nobody_in(client, openid, come, team, forge):
    forge(openid)
    assert "cannot be trusted" in told(client, come())
    assert not inside(client)
    assert not OidcAccount.objects.exists()
    assert len(failures()) == 1


def test_the_same_token_unforged_is_let_in(client, come, team):
    come()
    assert inside(client)


def test_a_state_that_was_not_begun_here_lets_nobody_in(client, openid, come, team):
    assert "not begun here" in told(client, come(state="another"))
    assert not inside(client)
    assert openid.asked == []


def test_a_code_of_somebody_else_s_browser_lets_nobody_in(client, openid, corp, team):
    theirs, mine = Client(), client
    stolen = openid.authorize(theirs.post("/console/login/by/corp/")["Location"], **WEI)
    assert "not begun here" in told(mine, mine.get(BACK, stolen))
    begun = openid.authorize(mine.post("/console/login/by/corp/")["Location"], **WEI)
    # Their code, in my sign-in: the provider sees that the verifier is another.
    assert "cannot be trusted" in told(mine, mine.get(BACK, {**stolen, "state": begun["state"]}))
    assert not inside(mine)


def test_an_answer_works_once(client, openid, corp, team):
    answer = openid.authorize(client.post("/console/login/by/corp/")["Location"], **WEI)
    client.get(BACK, answer)
    client.post("/console/logout/")
    assert "not begun here" in told(client, client.get(BACK, answer))


def test_another_provider_s_answer_is_refused(client, come, team):
    assert "let nobody in" in told(client, come(iss="https://evil.example"))


def test_a_provider_that_calls_itself_otherwise_is_not_asked(client, openid, corp, team):
    openid.named = "https://evil.example"
    answer = client.post("/console/login/by/corp/")
    assert "does not answer as it should" in told(client, answer)


def test_the_provider_s_no_is_told(client, openid, corp, team):
    sent = openid.authorize(client.post("/console/login/by/corp/")["Location"], **WEI)
    answer = client.get(BACK, {"error": "access_denied", "state": sent["state"]})
    assert "let nobody in" in told(client, answer)
    assert failures() == ["corp: access_denied"]


def test_a_provider_that_is_down_is_told(client, openid, corp, team):
    openid.stop()
    assert "does not answer" in told(client, client.post("/console/login/by/corp/"))


def test_keys_may_change(client, openid, come, team):
    come()
    client.post("/console/logout/")
    openid.key = Key("second")
    openid.published = [openid.key]
    with time_machine.travel(time.time() + 1, tick=True):
        documents._keys.clear()
        come()
    assert inside(client)


@pytest.mark.parametrize("address", ["http://sso.example", "ftp://sso.example", "sso.example", ""])
def test_an_issuer_that_anyone_can_listen_to_is_refused(address):
    with pytest.raises(ValidationError):
        Provider(id="x", name="X", issuer=address, client_id="x")


@pytest.mark.parametrize("role", ["shop", "shop:king", "operator", ":owner"])
def test_a_map_to_no_role_is_refused(role):
    with pytest.raises(ValidationError):
        Provider(id="x", name="X", issuer="https://x.test", client_id="x", groups={"a": role})


# --- linking ---


def as_olga(client):
    """Signed in, and shown that it is her."""
    said = {"login": "olga", "password": "olga likes dumplings"}
    client.post("/console/login/", said)
    client.post(reverse("account_reauthenticate"), said)


def test_a_person_links_an_account_of_theirs(client, come, team, owner):
    as_olga(client)
    assert come(at=reverse("sso_link", args=["corp"]))["Location"] == "/console/account/"
    client.post("/console/logout/")
    come({**WEI, "groups": []})
    assert inside(client)
    assert client.get("/api/v1/me").json()["username"] == "olga"
    [event] = AuditEvent.objects.filter(action="sso.linked")
    assert (event.actor, event.after) == (owner, {"provider": "corp", "subject": "4711"})


def test_linking_asks_to_confirm_oneself(client, corp, team, owner):
    client.force_login(owner)
    answer = client.post(reverse("sso_link", args=["corp"]))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_an_account_of_another_s_is_not_linked(client, come, team, owner):
    come()
    client.post("/console/logout/")
    as_olga(client)
    assert come(at=reverse("sso_link", args=["corp"]))["Location"] == "/console/account/"
    assert "belongs to another account" in client.get("/console/account/").content.decode()
    assert OidcAccount.objects.get().user.username == "wei"


def test_a_link_is_given_up(client, come, team, owner):
    as_olga(client)
    come({**WEI, "groups": ["it"]}, at=reverse("sso_link", args=["corp"]))
    assert owner.groups.filter(name=OPERATORS).exists()
    client.post(reverse("sso_unlink", args=["corp"]))
    assert not OidcAccount.objects.exists()
    assert not owner.groups.filter(name=OPERATORS).exists()


def test_the_only_way_in_is_not_given_up(client, come, team):
    come()
    client.post(reverse("sso_unlink", args=["corp"]))
    assert OidcAccount.objects.exists()
    assert "no other way" in client.get("/console/account/").content.decode()
