"""`team` and `project` against the real API: who belongs together is said with the command, and refused in words."""

import json

import pytest

from apps.models import Project
from apps.selectors.members import project_members, project_role_of
from paas.identity.models import Team
from paas.identity.roles import members

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def as_(run, live_server):
    """as_(user, *words) → the command, said by them."""
    signed_in = []

    def go(user, *words):
        if signed_in != [user]:
            said = ["--server", live_server.url, "--username", user.username, "--password-stdin"]
            assert run("login", *said, stdin=f"{user.username} likes dumplings\n").code == 0
            signed_in[:] = [user]
        return run(*words)

    return go


def roles(name):
    return {each.user.username: each.role for each in members(Team.objects.get(name=name))}


def test_an_operator_makes_a_team_and_gives_it_an_owner(as_, operator, stranger):
    made = as_(operator, "team", "create", "shop", "--title", "The shop")
    assert made.code == 0, made.err
    assert Team.objects.get(name="shop").title == "The shop"
    assert as_(operator, "team", "add", "shop", stranger.username, "--role", "owner").code == 0
    assert roles("shop") == {operator.username: "owner", stranger.username: "owner"}
    assert as_(operator, "team", "remove", "shop", operator.username).code == 0
    assert as_(stranger, "team", "members", "shop", "-o", "json").json == [
        {"username": stranger.username, "role": "owner"}
    ]
    assert "own" in as_(stranger, "team", "list").out


def test_an_owner_gives_a_team_another_title(as_, owner, viewer, team):
    renamed = as_(owner, "team", "rename", team.name, "The crew")
    assert (renamed.code, "The crew" in renamed.out) == (0, True), renamed.err
    assert Team.objects.get(name=team.name).title == "The crew"
    assert as_(viewer, "team", "rename", team.name, "Ours").code == 1
    assert Team.objects.get(name=team.name).title == "The crew"


def test_an_owner_makes_a_project(as_, owner, team):
    assert as_(owner, "project", "create", "till", "--team", team.name).code == 0
    assert Project.objects.get(name="till").team == team
    [row] = as_(owner, "project", "list", "--team", team.name, "-o", "json").json
    assert (row["name"], row["team"], row["applications"]) == ("till", team.name, 0)
    assert as_(owner, "project", "create", "till", "--team", team.name).code == 4


def test_an_owner_lets_somebody_into_one_project_alone(as_, owner, stranger, team):
    for name in ("till", "shelf"):
        assert as_(owner, "project", "create", name, "--team", team.name).code == 0
    till, name = Project.objects.get(name="till"), stranger.username
    added = as_(owner, "project", "add", "till", name, "--role", "developer")
    assert added.code == 0, added.err
    assert f"{name} as developer" in added.out
    assert project_role_of(till, stranger) == "developer"
    assert as_(owner, "project", "add", "till", name, "--role", "viewer", "-o", "name").out.split() == [name]
    assert project_role_of(till, stranger) == "viewer"
    assert as_(owner, "project", "members", "till", "-o", "json").json == [{"username": name, "role": "viewer"}]
    assert [each["name"] for each in as_(stranger, "project", "list", "-o", "json").json] == ["till"]
    assert roles(team.name).get(name) is None
    removed = as_(owner, "project", "remove", "till", name, "-o", "json")
    assert removed.json == {"project": "till", "removed": name}
    assert project_role_of(till, stranger) is None
    assert as_(stranger, "project", "list", "-o", "json").json == []


def test_a_role_on_a_project_is_refused_in_words(as_, owner, viewer, stranger, team):
    assert as_(owner, "project", "create", "till", "--team", team.name).code == 0
    till = Project.objects.get(name="till")
    for who, words, refusal in [
        (owner, ("add", "till", "nobody", "--role", "viewer"), (3, "user_not_found")),
        (owner, ("add", "till", stranger.username, "--role", "king"), (1, "role_unknown")),
        (owner, ("remove", "till", stranger.username), (3, "member_not_found")),
        (viewer, ("add", "till", viewer.username, "--role", "owner"), (1, "permission_denied")),
        (stranger, ("add", "till", stranger.username, "--role", "owner"), (3, "project_not_found")),
    ]:
        refused = as_(who, "project", *words, "-o", "json")
        assert (refused.code, json.loads(refused.err)["code"]) == refusal
    assert project_members(till) == []


def test_a_team_is_cordoned_and_protected(as_, owner, operator, team):
    held = as_(operator, "team", "cordon", team.name, "--reason", "unpaid")
    assert held.code == 0, held.err
    assert "by oscar: unpaid" in held.out
    refused = as_(owner, "project", "create", "till", "--team", team.name, "-o", "json")
    assert (refused.code, json.loads(refused.err)["code"]) == (4, "team_cordoned")
    assert (
        "The team is cordoned by oscar"
        in as_(owner, "explain", "permission", "olga", "deploy", f"team/{team.name}").out
    )
    assert as_(operator, "team", "uncordon", team.name).code == 0
    assert as_(owner, "project", "create", "till", "--team", team.name).code == 0
    assert as_(owner, "team", "protect", team.name, "-o", "json").json["protected"] is True
    assert "protected" in as_(owner, "team", "list").out
    refused = as_(owner, "team", "protect", team.name, "--off", "-o", "json")
    assert json.loads(refused.err)["code"] == "reason_required"
    assert (
        as_(owner, "team", "protect", team.name, "--off", "--reason", "over", "-o", "json").json["protected"] is False
    )


def test_credentials_for_registries(as_, run, owner, viewer, team):
    as_(owner, "team", "list")
    kept = run(
        "pull-secret", "set", team.name, "ghcr.io", "--username", "bot", "--password-stdin", stdin="a-long-word\n"
    )
    assert kept.code == 0, kept.err
    assert "a-long-word" not in kept.out + kept.err
    [row] = as_(owner, "pull-secret", "list", team.name, "-o", "json").json
    assert (row["registry"], row["username"], row["version"], row["in_force"]) == ("ghcr.io", "bot", 1, True)
    assert as_(owner, "pull-secret", "revoke", team.name, "ghcr.io").code == 2
    refused = as_(owner, "pull-secret", "revoke", team.name, "ghcr.io", "--confirm", "ghcr", "-o", "json")
    assert json.loads(refused.err)["code"] == "not_confirmed"
    assert as_(owner, "pull-secret", "revoke", team.name, "ghcr.io", "--confirm", "ghcr.io").code == 0
    assert "revoked" in as_(viewer, "pull-secret", "list", team.name).out


def test_who_may_not_is_told_why(as_, owner, viewer, team):
    refused = as_(owner, "team", "create", "mine", "-o", "json")
    assert (refused.code, json.loads(refused.err)["code"]) == (1, "operator_required")
    refused = as_(viewer, "team", "add", team.name, viewer.username, "--role", "owner", "-o", "json")
    assert (refused.code, json.loads(refused.err)["code"]) == (1, "permission_denied")
    assert roles(team.name)[viewer.username] == "viewer"
    assert as_(viewer, "team", "members", "nowhere").code == 3


def test_the_last_owner_stays(as_, owner, team):
    refused = as_(owner, "team", "remove", team.name, owner.username, "-o", "json")
    assert (refused.code, json.loads(refused.err)["code"]) == (4, "last_owner")
    assert roles(team.name)[owner.username] == "owner"
