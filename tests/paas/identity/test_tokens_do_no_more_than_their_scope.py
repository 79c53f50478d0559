"""A token does what both its person and its scope may; its last use is known; it keeps no other tokens."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from paas.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from paas.core.permissions import allowed, fresh, require, words
from paas.identity import services
from paas.identity.models import SCOPES, ApiToken

ANY = {"If-Match": "*"}


@pytest.fixture
def with_token():
    """with_token(user, scope) → the person as a request with such a token has them."""

    def go(user, scope):
        services.create_token(user=user, scope=scope, actor=user)
        found = type(user).objects.get(pk=user.pk)
        found.token = ApiToken.objects.filter(user=user).first()
        return found

    return go


@pytest.fixture
def client_of():
    def go(user, scope="admin"):
        token, _ = services.create_token(user=user, name=scope, scope=scope, actor=user)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return go


@pytest.mark.parametrize("scope", list(SCOPES))
def test_the_words_of_an_owner_are_cut_to_the_scope(with_token, team, owner, scope):
    person = with_token(owner, scope)
    assert words(person, team) == {"view", "deploy", "release", "exec", "own"} & SCOPES[scope]
    for word in ("view", "deploy", "release", "exec", "own"):
        assert allowed(person, word, team) == (word in SCOPES[scope])


def test_no_scope_gives_what_the_person_has_not(with_token, team, viewer, stranger):
    assert words(with_token(viewer, "admin"), team) == {"view"}
    assert words(with_token(stranger, "admin"), team) == set()


@pytest.mark.parametrize("scope", ["read", "deploy"])
def test_operators_and_superusers_are_cut_as_well(with_token, operator, admin, team, scope):
    for user in (operator, admin):
        person = with_token(user, scope)
        assert not allowed(person, "operate", None)
        assert not allowed(person, "own", team)
        assert allowed(person, "view", team)


def test_a_refusal_by_scope_has_a_code_of_its_own(client_of, team, owner, viewer):
    answer = client_of(owner, "deploy").put("/api/v1/teams/shop/members/victor/", {"role": "owner"}, headers=ANY)
    assert (answer.status_code, answer.json()["code"]) == (403, "token_scope")
    assert "--scope admin" in answer.json()["remedy"]
    # Who may not at all is told that, not to widen the token.
    answer = client_of(viewer, "read").put("/api/v1/teams/shop/members/olga/", {"role": "viewer"}, headers=ANY)
    assert answer.json()["code"] == "permission_denied"


def test_what_may_not_be_seen_stays_unseen(with_token, team, stranger):
    with pytest.raises(NotFound):
        require(with_token(stranger, "read"), "own", team)


@pytest.mark.parametrize("scope", ["read", "deploy"])
def test_only_an_admin_token_makes_and_ends_other_tokens(client_of, owner, scope):
    other, _ = services.create_token(user=owner, name="other", actor=owner)
    client = client_of(owner, scope)
    assert client.post("/api/v1/tokens/", {"name": "more"}).json()["code"] == "token_scope"
    assert client.delete(f"/api/v1/tokens/{other[:15]}/").json()["code"] == "token_scope"
    [mine] = [each for each in client.get("/api/v1/tokens/").json()["results"] if each["current"]]
    assert client.delete(f"/api/v1/tokens/{mine['id']}/").status_code == 204
    assert [each.name for each in ApiToken.objects.all()] == ["other"]


def test_a_scope_that_there_is_not(owner, client_of):
    with pytest.raises(Invalid) as refused:
        services.create_token(user=owner, scope="root", actor=owner)
    assert refused.value.code == "token_scope_unknown"
    assert client_of(owner).post("/api/v1/tokens/", {"name": "x", "scope": "root"}).status_code == 400


def test_the_life_is_the_default_the_asked_or_the_longest(owner, settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"token_default_days": 7, "token_days": 20})
    with time_machine.travel(timezone.now(), tick=False):
        ends = [services.create_token(user=owner, days=days, actor=owner)[1] for days in (None, 10, 100)]
        assert [each - timezone.now() for each in ends] == [timedelta(days=days) for days in (7, 10, 20)]


def test_the_last_use_is_known_to_the_minute(client_of, owner):
    now, client = timezone.now(), client_of(owner)
    for seconds, noted in ((0, 0), (59, 0), (61, 61)):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            client.get("/api/v1/me", REMOTE_ADDR="192.0.2.1")
        assert ApiToken.objects.get().last_used_at == now + timedelta(seconds=noted)
    with time_machine.travel(now + timedelta(seconds=62), tick=False):
        client.get("/api/v1/me", REMOTE_ADDR="192.0.2.2", HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert ApiToken.objects.get().last_used_from == "192.0.2.2"


def test_a_live_view_ends_with_its_token(with_token, owner):
    person = with_token(owner, "read")
    assert fresh(person).token.scope == "read"
    later = time_machine.travel(timezone.now() + timedelta(days=91), tick=False)
    with later, pytest.raises(Unauthenticated, match="signed out"):
        fresh(person)
    services.revoke_token(token=person.token, actor=owner)
    with pytest.raises(Unauthenticated, match="signed out"):
        fresh(person)


def test_the_page_of_tokens(client, owner, team):
    client.force_login(owner)
    page = client.post("/console/tokens/", {"name": "laptop", "scope": "read"}).content.decode()
    token = ApiToken.objects.get()
    assert (token.name, token.scope, token.user) == ("laptop", "read", owner)
    assert f"{token.token_key}" in page
    assert "dgt_" in page
    assert str(token) in client.get("/console/tokens/").content.decode()


def test_a_token_is_revoked_by_its_name(client, owner):
    services.create_token(user=owner, name="laptop", actor=owner)
    token = ApiToken.objects.get()
    address = f"/console/tokens/{token.token_key}/revoke/"
    client.force_login(owner)
    page = client.get(address).content.decode()
    assert "do everything that you may do" in page
    assert f"dougong token revoke {token.token_key} · DELETE /api/v1/tokens/{token.token_key}/" in page
    assert "This is not the name that is asked for." in client.post(address, {"name": "desktop"}).content.decode()
    assert ApiToken.objects.exists()
    assert "laptop is revoked" in client.post(address, {"name": "laptop"}, follow=True).content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_without_a_name_is_revoked_by_its_first_characters(client, owner):
    services.create_token(user=owner, actor=owner)
    key = ApiToken.objects.get().token_key
    client.force_login(owner)
    client.post(f"/console/tokens/{key}/revoke/", {"name": ""})
    assert ApiToken.objects.exists()
    client.post(f"/console/tokens/{key}/revoke/", {"name": key})
    assert not ApiToken.objects.exists()


def test_nobody_revokes_another_s_on_the_page(client, owner, viewer):
    services.create_token(user=owner, name="laptop", actor=owner)
    client.force_login(viewer)
    address = f"/console/tokens/{ApiToken.objects.get().token_key}/revoke/"
    assert client.get(address).status_code == 404
    assert client.post(address, {"name": "laptop"}).status_code == 404
    assert ApiToken.objects.exists()


def test_an_operator_may_not_act_as_another_by_the_forbidden_way(with_token, owner, operator):
    with pytest.raises(Forbidden) as refused:
        services.create_token(user=owner, actor=with_token(operator, "deploy"))
    assert refused.value.code == "token_scope"
