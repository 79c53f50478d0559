"""cluster join and leave: what is sent, in which order, and that the administrator's credential is not among it.

The kubectl here is a script that keeps what it is given and says what it is told to; real clusters are in tests/member.
"""

import base64
import json
import stat
from pathlib import Path

import pytest

CLUSTERS = "/api/v1/clusters/"


@pytest.fixture
def fleet(signed_in, quick):
    body = {"name": "east", "spec": {}, "status": {"identity": "uid-1"}, "conditions": []}
    signed_in.on("POST", CLUSTERS, body, status=201)
    signed_in.on("GET", "/api/v1/me", {"username": "oscar", "operator": True})
    return signed_in


@pytest.fixture
def joined(fleet):
    fleet.on("GET", CLUSTERS + "east/", {"name": "east", "spec": {}, "status": {"identity": "uid-1"}}, ETag='"1"')
    return fleet


def test_registers_address_ca_identity_and_the_tokens_it_made(run, fleet, tool):
    got = run("cluster", "join", "east", *tool.options, "--label", "region=eu", "--label", "tier=", "-o", "name")
    assert (got.code, got.out) == (0, "cluster/east\n"), got.err
    assert fleet.sent("POST", CLUSTERS) == [
        {
            "name": "east",
            "server": "https://198.51.100.7:6443",
            "ca_data": tool.ca,
            "identity": "uid-1",
            "token": "writer-720h",
            "expires_at": "2999-12-24T00:00:00Z",
            "minter_token": "minter-token",
            "labels": {"region": "eu", "tier": ""},
        }
    ]


def test_no_credential_of_the_administrator_leaves_the_machine(run, fleet, tool):
    """Neither plain nor in base64, in no header and no body."""
    assert run("cluster", "join", "east", *tool.options).code == 0
    sent = b"".join(
        each.raw + each.path.encode() + repr(each.query).encode() + repr(each.headers).encode()
        for each in fleet.requests
    )
    assert b"minter-token" in sent
    for canary in tool.canaries:
        assert canary.encode() not in sent
        assert base64.b64encode(canary.encode()).rstrip(b"=")[:-1] not in sent


def test_the_writer_tries_with_its_own_token_alone(run, fleet, tool):
    run("cluster", "join", "east", *tool.options)
    trials = [call for call in tool.calls if "--dry-run=server" in call["arguments"]]
    assert len(trials) >= 3
    for call in trials:
        assert json.loads(call["config"])["users"] == [{"name": "u", "user": {"token": "writer-10m"}}]
        assert stat.S_IMODE(call["mode"]) == 0o600
        assert not Path(call["path"]).exists()
    assert list((tool.home / "tmp").iterdir()) == []


def test_the_fence_comes_before_any_right_and_any_lasting_token(run, fleet, tool):
    run("cluster", "join", "east", *tool.options)
    [applied] = [call["stdin"] for call in tool.calls if "apply" in call["arguments"]]
    assert applied.index("kind: ValidatingAdmissionPolicyBinding") < applied.index("kind: ClusterRole\n")
    order = [
        each.split(" ")[0] for each in tool.commands if "--duration" in each or "apply" in each or "dry-run" in each
    ]
    assert order[0] == "apply"
    lasting = next(number for number, each in enumerate(tool.commands) if "--duration=720h" in each)
    last_trial = max(number for number, each in enumerate(tool.commands) if "--dry-run=server" in each)
    assert last_trial < lasting


def test_waits_until_the_fence_has_refused_thrice_in_a_row(run, fleet, tool):
    """First RBAC does not know the writer, then an older fence answers, then one server of three is late."""
    older = tool.fenced.replace("revision 2", "revision 1")
    tool.trials("forbidden: cannot create resource", older, tool.fenced, "", tool.fenced, tool.fenced, tool.fenced)
    assert run("cluster", "join", "east", *tool.options).code == 0
    assert len([each for each in tool.commands if "--dry-run=server" in each]) == 7


def test_hands_nothing_over_where_the_fence_does_not_stand(run, fleet, tool, quick):
    tool.trials("")
    got = run("cluster", "join", "east", *tool.options, "--timeout", "20")
    assert got.code == 6
    assert "accepted" in got.err
    assert fleet.sent("POST", CLUSTERS) == []
    assert not [each for each in tool.commands if "--duration=720h" in each]


def test_joining_again_renews(run, joined, tool):
    assert run("cluster", "join", "east", *tool.options).code == 0
    [registration] = joined.sent("POST", CLUSTERS)
    assert "labels" not in registration


def test_another_cluster_under_a_known_name_is_left_alone(run, joined, tool):
    tool.say(identity="uid-2")
    got = run("cluster", "join", "east", *tool.options)
    assert (got.code, "other_cluster" in got.err) == (4, True)
    assert not [each for each in tool.commands if "apply" in each]


def test_what_the_api_refuses_is_told(run, fleet, tool):
    del fleet.answers["POST", CLUSTERS]
    fleet.on("POST", CLUSTERS, {"code": "address_not_allowed", "detail": "Not there."}, status=400)
    got = run("cluster", "join", "east", *tool.options)
    assert (got.code, "address_not_allowed" in got.err) == (1, True)


@pytest.mark.parametrize(
    ("cluster", "code"),
    [
        ({"server": "http://198.51.100.7", "certificate-authority-data": "Zm9v"}, "server_not_https"),
        ({"server": "https://198.51.100.7", "insecure-skip-tls-verify": True}, "ca_missing"),
    ],
)
def test_a_cluster_that_cannot_be_verified_is_refused(run, fleet, tool, cluster, code):
    tool.say(view={"clusters": [{"cluster": cluster}]})
    got = run("cluster", "join", "east", *tool.options)
    assert (got.code, code in got.err) == (2, True)


def test_the_context_is_given_to_kubectl(run, fleet, tool):
    run("cluster", "join", "east", *tool.options, "--context", "blue")
    assert all("--context blue" in each for each in tool.commands if "--dry-run=server" not in each)


def test_without_a_kubectl_or_kubeconfig(run, fleet, tool):
    assert (
        run("cluster", "join", "east", "--kubeconfig", str(tool.kubeconfig), "--kubectl", "/nowhere/kubectl").code == 2
    )
    assert run("cluster", "join", "east", "--kubeconfig", "/nowhere", "--kubectl", str(tool.program)).code == 3
    assert run("cluster", "join", "east", *tool.options, "--label", "nonsense").code == 2


def test_leaves_and_takes_the_grants_back(run, joined, tool):
    joined.on("DELETE", CLUSTERS + "east/", status=204)
    assert run("cluster", "leave", "east", *tool.options, "--keep-workloads").code == 0
    assert joined.requests[-1].query == {"leave_running": "true"}
    deleted = [each for each in tool.commands if each.startswith("delete")]
    assert [each.split()[1:3] for each in deleted] == [
        ["clusterrolebinding", "dougong-exec"],
        ["clusterrole", "dougong-exec"],
        ["clusterrole", "dougong-team-exec"],
        ["validatingadmissionpolicybinding", "dougong-exec-fence"],
        ["validatingadmissionpolicy", "dougong-exec-fence"],
        ["clusterrole", "dougong-namespace-writer"],
        ["clusterrolebinding", "dougong-writer"],
        ["clusterrole", "dougong-writer"],
        ["validatingadmissionpolicybinding", "dougong-registries"],
        ["validatingadmissionpolicy", "dougong-registries"],
        ["validatingadmissionpolicybinding", "dougong-fence"],
        ["validatingadmissionpolicy", "dougong-fence"],
        ["namespace", "dougong-system"],
    ]


def test_the_grants_stay_until_the_workloads_are_gone(run, joined, tool):
    joined.on("DELETE", CLUSTERS + "east/", {"name": "east"}, status=202)
    got = run("cluster", "leave", "east", *tool.options, "--remove-workloads", "--timeout", "5")
    assert (got.code, "still_leaving" in got.err) == (6, True)
    assert not [each for each in tool.commands if each.startswith("delete")]
    joined.answers["GET", CLUSTERS + "east/"].append((404, {"code": "cluster_not_found", "detail": "Gone."}, {}))
    assert run("cluster", "leave", "east", *tool.options, "--remove-workloads", "--timeout", "5").code == 0
    assert joined.requests[-2].query == {"remove": "true"}
    assert [each for each in tool.commands if each.startswith("delete")]


def test_leaving_takes_nothing_from_another_cluster(run, joined, tool):
    tool.say(identity="uid-2")
    assert run("cluster", "leave", "east", *tool.options, "--keep-workloads").code == 4
    assert not [each for each in joined.requests if each.method == "DELETE"]
    assert not [each for each in tool.commands if each.startswith("delete")]


def test_leaving_without_a_kubeconfig_says_what_is_left(run, joined):
    joined.on("DELETE", CLUSTERS + "east/", status=204)
    got = run("cluster", "leave", "east", "--keep-workloads")
    assert got.code == 0
    assert "kubectl delete namespace dougong-system" in got.err


def test_leaving_wants_to_be_told_what_becomes_of_the_workloads(run, joined):
    assert run("cluster", "leave", "east").code == 2
    assert not [each for each in joined.requests if each.method == "DELETE"]


def test_what_kubectl_says_is_told(run, fleet, tool):
    tool.program.write_text("#!/bin/sh\necho 'error: you must be logged in' >&2\nexit 1\n")
    got = run("cluster", "join", "east", *tool.options)
    assert (got.code, "you must be logged in" in got.err) == (1, True)
