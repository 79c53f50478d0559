"""Teams, their members and roles, by service and by API."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from paas.core.errors import Conflict, Forbidden, Invalid
from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.models import Team, TeamGroupPermission, User
from paas.identity.roles import members, role_of


@pytest.mark.parametrize("name", ["", "Shop", "-shop", "shop-", "shop!", "9shop", "x" * 41, "shop\n"])
def test_a_name_that_fits_no_address_is_refused(admin, name):
    with pytest.raises(Invalid) as refusal:
        services.create_team(name=name, actor=admin)
    assert refusal.value.code == "team_name_invalid"
    assert not Group.objects.filter(name__startswith="team:").exists()


def test_a_name_is_taken_once(admin):
    services.create_team(name="shop", actor=admin)
    with pytest.raises(Conflict):
        services.create_team(name="shop", actor=admin)
    assert Team.objects.count() == 1


def test_whoever_makes_a_team_owns_it(operator):
    team = services.create_team(name="shop", actor=operator)
    assert role_of(team, operator) == "owner"


def test_teams_are_made_by_operators_alone(owner, team):
    with pytest.raises(Forbidden):
        services.create_team(name="mine", actor=owner)


def test_the_last_owner_stays(team, owner):
    for leave in (
        lambda: services.remove_member(team=team, user=owner, actor=owner),
        lambda: services.add_member(team=team, user=owner, role="viewer", actor=owner),
    ):
        with pytest.raises(Conflict) as refusal:
            leave()
        assert refusal.value.code == "last_owner"
    assert role_of(team, owner) == "owner"


def test_an_owner_may_go_when_another_stays(team, owner, viewer):
    services.add_member(team=team, user=viewer, role="owner", actor=owner)
    services.remove_member(team=team, user=owner, actor=owner)
    assert [(member.user, member.role) for member in members(team)] == [(viewer, "owner")]


def test_an_unknown_role_is_refused(team, owner, stranger):
    with pytest.raises(Invalid):
        services.add_member(team=team, user=stranger, role="king", actor=owner)
    assert role_of(team, stranger) is None


def test_giving_the_same_role_again_is_no_event(team, owner, viewer):
    before = AuditEvent.objects.count()
    services.add_member(team=team, user=viewer, role="viewer", actor=owner)
    assert AuditEvent.objects.count() == before


def test_permission_rows_go_with_their_team(team):
    assert TeamGroupPermission.objects.count() == 11
    team.delete()
    assert not TeamGroupPermission.objects.exists()


def test_members_by_the_api(api, team, owner, viewer, stranger):
    client = api(owner)
    tag = {"If-Match": client.get("/api/v1/teams/shop/members/")["ETag"]}
    response = client.put("/api/v1/teams/shop/members/stella/", {"role": "viewer"}, headers=tag)
    assert [(entry["username"], entry["role"]) for entry in response.json()] == [
        ("olga", "owner"),
        ("stella", "viewer"),
        ("victor", "viewer"),
    ]
    tag = {"If-Match": response["ETag"]}
    assert client.delete("/api/v1/teams/shop/members/stella/", headers=tag).status_code == 204
    now, any_ = client.get("/api/v1/teams/shop/")["ETag"], {"If-Match": "*"}
    assert now == client.get("/api/v1/teams/shop/members/")["ETag"] != tag["If-Match"]
    nobody = client.put("/api/v1/teams/shop/members/nobody/", {"role": "viewer"}, headers=any_)
    assert nobody.json()["code"] == "user_not_found"
    assert api(viewer).put("/api/v1/teams/shop/members/stella/", {"role": "owner"}, headers=any_).status_code == 403
    assert api(stranger).get("/api/v1/teams/shop/members/").status_code == 404
    assert role_of(team, stranger) is None


@pytest.mark.parametrize(("headers", "code"), [({}, "if_match_required"), ({"If-Match": '"1"'}, "version_changed")])
def test_members_are_changed_as_they_were_read_only(api, team, owner, viewer, stranger, headers, code):
    services.add_member(team=team, user=stranger, role="viewer", actor=owner)
    client, address = api(owner), "/api/v1/teams/shop/members/stella/"
    assert client.put(address, {"role": "owner"}, headers=headers).json()["code"] == code
    assert client.delete(address, headers=headers).json()["code"] == code
    assert role_of(team, stranger) == "viewer"


def test_one_s_own_page_names_teams_and_roles(api, team, viewer):
    me = api(viewer).get("/api/v1/me").json()
    assert (me["teams"], me["operator"]) == ([{"team": "shop", "role": "viewer"}], False)


def test_bootstrap_may_be_run_again(db, monkeypatch, capsys):
    monkeypatch.setenv("DOUGONG_ADMIN_PASSWORD", "a long password")
    for _ in range(2):
        call_command("bootstrap", team="demo")
    admin = User.objects.get()
    assert admin.is_superuser
    assert admin.check_password("a long password")
    assert Team.objects.get().name == "demo"
    assert AuditEvent.objects.filter(action="user.bootstrapped").count() == 1


def test_bootstrap_sets_no_empty_password(db):
    with pytest.raises(CommandError):
        call_command("bootstrap")
    assert not User.objects.exists()
