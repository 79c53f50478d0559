"""The command against this project's own API, served over HTTP: the two agree on addresses, forms and refusals."""

import json
import re

import pytest

from clusters.models import Cluster, ClusterCredential
from paas.cli.commands import account
from paas.cli.output import Output
from paas.cli.watch import Clock
from paas.identity import devices, services
from paas.identity.models import ApiToken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signs_in(run, live_server):
    """signs_in(user) → the command speaks as them from now on."""

    def go(user):
        password = f"{user.username} likes dumplings\n"
        got = run("login", "--server", live_server.url, "--username", user.username, "--password-stdin", stdin=password)
        assert got.code == 0, got.err

    return go


@pytest.fixture
def joined(run, signs_in, operator, tool, settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"cluster_networks": ("198.51.100.0/24",)})
    signs_in(operator)
    return run("cluster", "join", "east", *tool.options, "--label", "region=eu", "-o", "json")


def test_signs_in_and_ends_this_token_only(run, signs_in, owner):
    services.create_token(user=owner, name="another", actor=owner)
    signs_in(owner)
    assert ApiToken.objects.filter(user=owner).count() == 2
    assert run("logout").code == 0
    assert [each.name for each in ApiToken.objects.filter(user=owner)] == ["another"]


def test_signs_in_by_a_code_that_a_person_approves(run, live_server, owner, monkeypatch):
    """The waiting of the command is the moment in which the person approves what it has shown."""
    shown, decided, note = [], [], Output.note
    monkeypatch.setattr(Output, "note", lambda output, text: (shown.append(text), note(output, text)))

    def approve(seconds):
        if not decided:
            code = re.search(r"[B-Z]{4}-[B-Z]{4}", " ".join(shown))[0]
            decided.append(devices.decide(user_code=code, approve=True, actor=owner))

    monkeypatch.setattr(account, "CLOCK", Clock(sleep=approve))
    got = run("login", "--server", live_server.url, "--scope", "deploy")
    assert got.code == 0, got.err
    [token] = ApiToken.objects.filter(user=owner)
    assert (token.scope, token.machine) == ("deploy", decided[0].machine)
    [row] = run("token", "list", "-o", "json").json
    assert (row["current"], row["machine"], row["last_used_from"]) == (True, token.machine, "127.0.0.1")
    refused = run("token", "create", "more")
    assert (refused.code, "[token_scope]" in refused.err) == (1, True)
    assert run("logout").code == 0
    assert not ApiToken.objects.exists()


def test_tokens_and_service_accounts(run, signs_in, owner, team, live_server, monkeypatch):
    signs_in(owner)
    assert run("token", "create", "laptop", "--scope", "read", "--days", "3", "-o", "name").out.startswith("dgt_")
    assert [each["name"] for each in run("token", "list", "-o", "json").json if not each["current"]] == ["laptop"]
    assert "(this one)" in run("token", "list").out
    identifier = ApiToken.objects.get(name="laptop").token_key
    assert run("token", "revoke", identifier, "-o", "name").out == f"token/{identifier}\n"
    assert run("token", "revoke", identifier).code == 3
    assert run("service-account", "create", "shop", "ci", "-o", "name").out == "service-account/shop/ci\n"
    made = run("token", "create", "pipeline", "--service-account", "shop/ci", "-o", "name").out.strip()
    assert [each["tokens"] for each in run("service-account", "list", "shop", "-o", "json").json] == [1]
    assert "pipeline" in run("token", "list", "--service-account", "shop/ci").out
    assert run("token", "list", "--service-account", "shop").code == 2
    assert run("token", "create", "wide", "--scope", "admin", "--service-account", "shop/ci").code == 1
    monkeypatch.setenv("DOUGONG_TOKEN", made)
    assert run("service-account", "create", "shop", "another").code == 1
    monkeypatch.delenv("DOUGONG_TOKEN")
    assert run("service-account", "remove", "shop", "ci").code == 0
    assert run("service-account", "list", "shop", "-o", "name").out == ""
    assert run("token", "list", "--service-account", "shop/ci").code == 3


def test_the_shell_completes_names(joined, run, live_server, monkeypatch):
    from paas.cli import completion

    assert completion.clusters("ea") == ["east"]
    assert completion.clusters("x") == []
    assert completion.applications("") == []
    monkeypatch.setenv("DOUGONG_TOKEN", "dgt_wrong")
    assert completion.clusters("ea") == []


def test_a_wrong_password_is_refused_in_words(run, live_server, owner):
    got = run("login", "--server", live_server.url, "--username", "olga", "--password-stdin", stdin="no\n")
    assert got.code == 1
    assert "Name or password is wrong." in got.err


def test_a_joined_cluster_is_registered(joined, tool):
    assert joined.code == 0, joined.err
    assert joined.json["spec"]["labels"] == {"region": "eu"}
    east = Cluster.objects.get(name="east")
    assert (east.server, east.identity, east.ca_data.strip()) == ("https://198.51.100.7:6443", "uid-1", tool.ca.strip())
    kept = {each.purpose: each.token for each in ClusterCredential.objects.filter(cluster=east)}
    assert kept == {"writer": "writer-720h", "minter": "minter-token"}
    assert joined.json["status"]["credential_expires_at"].startswith("2999-12-24")


def test_joining_again_renews_and_keeps_the_labels(run, joined, tool):
    again = run("cluster", "join", "east", *tool.options, "-o", "json")
    assert again.code == 0, again.err
    assert again.json["spec"]["labels"] == {"region": "eu"}
    assert Cluster.objects.count() == 1


def test_the_api_and_the_command_agree_on_another_cluster(run, joined, tool):
    tool.say(identity="uid-2")
    assert run("cluster", "join", "east", *tool.options).code == 4
    tool.say(identity="uid-1")
    assert run("cluster", "join", "west", *tool.options).code == 4


def test_offers_and_withdraws(run, joined):
    role = "example.org/role=team-*"
    assert run("cluster", "offer", "east", "--priority-class", "high", "--service-account-annotation", role).code == 0
    got = run("cluster", "offer", "east", "--node-pool", "large", "-o", "json")
    assert got.json["spec"]["priority_classes"] == ["high"]
    assert Cluster.objects.get().service_account_annotations == {"example.org/role": ["team-*"]}
    assert (
        run("cluster", "withdraw", "east", "--service-account-annotation", role, "--priority-class", "high").code == 0
    )
    east = Cluster.objects.get()
    assert (east.priority_classes, east.node_pools, east.service_account_annotations) == ([], ["large"], {})


def test_steers_and_lists(run, joined):
    assert run("cluster", "cordon", "east").code == 0
    assert run("cluster", "suspend", "east").code == 0
    [row] = run("cluster", "list", "-o", "json").json
    assert (row["spec"]["cordoned"], row["spec"]["suspended"]) == (True, True)
    assert "Suspended,Cordoned" in run("cluster", "list").out.replace("\n", "")
    assert run("cluster", "uncordon", "east").code == 0
    assert run("cluster", "resume", "east", "-o", "json").json["spec"]["suspended"] is False


def test_only_operators_join_and_steer(run, joined, signs_in, owner, tool):
    signs_in(owner)
    assert run("cluster", "show", "east").code == 0
    refused = run("cluster", "cordon", "east", "-o", "json")
    assert refused.code == 1
    assert json.loads(refused.err.splitlines()[-1])["code"] == "operator_required"
    applied = len(tool.calls)
    assert run("cluster", "join", "east", *tool.options).code == 1
    assert len(tool.calls) == applied


def test_leaves(run, joined, tool):
    assert run("cluster", "leave", "east", *tool.options, "--keep-workloads").code == 0
    assert not Cluster.objects.exists()
    assert run("cluster", "show", "east").code == 3


def test_leaves_with_nothing_to_remove(run, joined, tool):
    assert run("cluster", "leave", "east", *tool.options, "--remove-workloads").code == 0
    assert not Cluster.objects.exists()
