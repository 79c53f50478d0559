"""`team` and `project` against the real API: who belongs together is said with the command, and refused in words."""

import json

import pytest

from apps.models import Project
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


def test_an_owner_makes_a_project(as_, owner, team):
    assert as_(owner, "project", "create", "till", "--team", team.name).code == 0
    assert Project.objects.get(name="till").team == team
    [row] = as_(owner, "project", "list", "--team", team.name, "-o", "json").json
    assert (row["name"], row["team"], row["applications"]) == ("till", team.name, 0)
    assert as_(owner, "project", "create", "till", "--team", team.name).code == 4


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
