"""Service accounts: made by owners, without a password, audited as themselves, confined to their team."""

import pytest
from django.contrib.auth import authenticate
from rest_framework.test import APIClient

from paas.core import audit
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent
from paas.core.permissions import words
from paas.identity import service_accounts, services
from paas.identity.models import ApiToken, User
from paas.identity.roles import members, role_of

ACCOUNTS = "/api/v1/teams/shop/service-accounts/"


@pytest.fixture
def account(team, owner):
    return service_accounts.create_service_account(team=team, name="ci", actor=owner)


@pytest.fixture
def token(account, owner):
    return services.create_token(user=account, name="pipeline", scope="deploy", actor=owner)[0]


@pytest.fixture
def pipeline(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_it_deploys_for_its_team_and_nothing_else(account, team, admin):
    other = services.create_team(name="other", actor=admin)
    assert words(account, team) == {"view", "deploy"}
    assert words(account, other) == set()
    assert role_of(team, account) == "developer"


def test_it_has_no_password_and_is_no_member(account, team):
    assert not account.has_usable_password()
    assert authenticate(username="ci@shop", password="") is None
    assert "ci@shop" not in [each.user.username for each in members(team)]


def test_its_token_works_and_it_is_audited_as_itself(pipeline, account, team, db):
    assert pipeline.get("/api/v1/me").json()["username"] == "ci@shop"
    assert pipeline.get("/api/v1/me").json()["teams"] == [{"team": "shop", "role": "developer"}]
    from django.db import transaction

    with transaction.atomic():
        event = audit.record(actor=account, action="test.done", target=team)
    assert (event.actor_name, event.actor_id) == ("ci@shop", account.pk)


@pytest.mark.parametrize("scope", ["read", "deploy", "admin"])
def test_it_makes_no_tokens_whatever_its_own_is_for(account, owner, scope):
    token, _ = services.create_token(user=account, scope=scope, actor=owner)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.post("/api/v1/tokens/", {"name": "more"}).status_code == 403
    assert client.post(f"{ACCOUNTS}ci/tokens/", {"name": "more"}).status_code == 403
    assert client.post(ACCOUNTS, {"name": "another"}).status_code == 403
    assert ApiToken.objects.filter(user=account).count() == 1


def test_owners_keep_its_tokens_by_the_api(api, account, owner, viewer, stranger):
    mine = api(owner)
    assert mine.post(f"{ACCOUNTS}ci/tokens/", {"name": "x", "scope": "admin"}).status_code == 400
    made = mine.post(f"{ACCOUNTS}ci/tokens/", {"name": "pipeline"})
    assert (made.status_code, made.json()["token"][:4]) == (201, "dgt_")
    [row] = mine.get(f"{ACCOUNTS}ci/tokens/").json()["results"]
    assert (row["name"], row["scope"], row["last_used_at"]) == ("pipeline", "deploy", None)
    assert api(viewer).get(f"{ACCOUNTS}ci/tokens/").status_code == 403
    assert api(viewer).get(ACCOUNTS).json()["results"][0]["username"] == "ci@shop"
    assert api(stranger).get(ACCOUNTS).status_code == 404
    assert api(viewer).delete(f"{ACCOUNTS}ci/tokens/{row['id']}/").status_code == 403
    assert mine.delete(f"{ACCOUNTS}ci/tokens/{row['id']}/").status_code == 204
    assert not ApiToken.objects.filter(user=account).exists()


def test_only_owners_make_them(team, viewer, operator, stranger):
    for actor, kind in ((viewer, Forbidden), (operator, Forbidden), (stranger, NotFound)):
        with pytest.raises(kind):
            service_accounts.create_service_account(team=team, name="ci", actor=actor)
    assert not User.objects.exclude(team=None).exists()


def test_names(team, owner, account):
    with pytest.raises(Conflict) as refused:
        service_accounts.create_service_account(team=team, name="ci", actor=owner)
    assert refused.value.code == "service_account_name_taken"
    for name in ("", "CI", "a@b", "x" * 41, "a/b"):
        with pytest.raises(Invalid):
            service_accounts.create_service_account(team=team, name=name, actor=owner)


def test_a_person_of_that_name_is_not_taken_over(team, owner, admin):
    services.create_user(username="ci@shop", password="ci likes dumplings", actor=admin)
    with pytest.raises(Conflict):
        service_accounts.create_service_account(team=team, name="ci", actor=owner)
    assert User.objects.get(username="ci@shop").has_usable_password()


def test_removed_it_is_out_at_once_and_comes_back_without_tokens(api, pipeline, account, owner, team):
    assert api(owner).delete(f"{ACCOUNTS}ci/").status_code == 204
    assert pipeline.get("/api/v1/me").status_code == 401
    assert words(account, team) == set()
    assert list(service_accounts.service_accounts(team)) == []
    again = service_accounts.create_service_account(team=team, name="ci", actor=owner)
    assert again.pk == account.pk
    assert pipeline.get("/api/v1/me").status_code == 401
    told = list(AuditEvent.objects.filter(object_id=str(account.pk)).values_list("action", flat=True))
    assert told[::-1][-3:] == ["token.created", "service_account.removed", "service_account.created"]


def test_it_gets_no_other_role(account, team, owner, admin):
    other = services.create_team(name="other", actor=admin)
    for change in (
        lambda: services.add_member(team=other, user=account, role="owner", actor=admin),
        lambda: services.add_member(team=team, user=account, role="owner", actor=owner),
        lambda: services.remove_member(team=team, user=account, actor=owner),
        lambda: services.set_operator(user=account, operator=True, actor=admin),
    ):
        with pytest.raises(Invalid) as refused:
            change()
        assert refused.value.code == "service_account_fixed"
    assert words(account, team) == {"view", "deploy"}


def test_people_deploy_without_owning(api, team, owner, stranger):
    services.add_member(team=team, user=stranger, role="developer", actor=owner)
    assert words(stranger, team) == {"view", "deploy"}
    assert ("stella", "developer") in [(each.user.username, each.role) for each in members(team)]
    services.add_member(team=team, user=stranger, role="viewer", actor=owner)
    assert words(stranger, team) == {"view"}


def test_its_tokens_are_revoked_on_a_page_by_owners_of_the_team(client, token, owner, viewer):
    key = ApiToken.objects.get().token_key
    address = f"/console/tokens/{key}/revoke/"
    client.force_login(viewer)
    assert client.post(address, {"name": "pipeline"}).status_code == 404
    client.force_login(owner)
    assert f"dougong token revoke {key} --service-account shop/ci" in client.get(address).content.decode()
    client.post(address, {"name": "pipeline"})
    assert not ApiToken.objects.exists()


def test_it_is_removed_on_a_page_that_shows_its_tokens_and_takes_its_name(client, token, account, owner, viewer):
    address = f"/console/service-accounts/{account.pk}/remove/"
    client.force_login(viewer)
    assert client.post(address, {"name": "ci@shop"}).status_code == 404
    client.force_login(owner)
    assert address in client.get("/console/tokens/").content.decode()
    page = client.get(address).content.decode()
    assert str(ApiToken.objects.get()) in page
    assert "dougong service-account remove shop ci" in page
    assert "This is not the name that is asked for." in client.post(address, {"name": "ci"}).content.decode()
    assert ApiToken.objects.exists()
    answer = client.post(address, {"name": "ci@shop"}, follow=True).content.decode()
    assert "ci@shop is removed, with its tokens." in answer
    assert not ApiToken.objects.exists()
    assert not User.objects.get(pk=account.pk).is_active
    assert client.get(address).status_code == 404


def test_no_person_is_removed_by_the_page_of_service_accounts(client, owner, viewer):
    client.force_login(owner)
    assert client.post(f"/console/service-accounts/{viewer.pk}/remove/", {"name": "victor"}).status_code == 404
    assert User.objects.get(pk=viewer.pk).is_active
