"""cluster list, show, label, cordon, uncordon, suspend, resume."""

import pytest
import yaml

CLUSTERS = "/api/v1/clusters/"


def cluster(name="east", *, conditions=(), **spec):
    return {
        "id": "c-1",
        "name": name,
        "version": 3,
        "spec": {"server": "https://198.51.100.7:6443", "labels": {"region": "eu"}, "cordoned": False, **spec},
        "status": {"identity": "uid-1", "version": "v1.34.4", "nodes": [{"name": "n1", "ready": True}]},
        "conditions": [
            {"type": "Reachable", "status": "True", "reason": "Answered", "message": "", "good": True},
            {"type": "FenceMissing", "status": "False", "reason": "Standing", "message": "", "good": True},
            *conditions,
        ],
        "works": 4,
    }


@pytest.fixture
def fleet(signed_in):
    missing = {"type": "FenceMissing", "status": "True", "reason": "NotFound", "message": "", "good": False}
    signed_in.on("GET", CLUSTERS, {"results": [cluster()], "next": f"{signed_in.url}{CLUSTERS}?cursor=abc"})
    signed_in.on("GET", CLUSTERS, {"results": [cluster("west", conditions=[missing], cordoned=True)], "next": None})
    signed_in.on("GET", CLUSTERS + "east/", cluster(), ETag='"3"')
    return signed_in


def test_lists_every_page(run, fleet):
    got = run("cluster", "list")
    assert got.out.splitlines() == [
        "NAME  STATUS                      VERSION  NODES  WORKS  LABELS",
        "east  Ready                       v1.34.4  1/1    4      region=eu",
        "west  FenceMissing=True,Cordoned  v1.34.4  1/1    4      region=eu",
    ]
    assert fleet.requests[1].query == {"cursor": "abc"}


def test_each_format(run, fleet):
    assert [each["name"] for each in run("cluster", "list", "-o", "json").json] == ["east", "west"]


def test_yaml_and_names(run, signed_in):
    signed_in.on("GET", CLUSTERS, {"results": [cluster()], "next": None})
    assert yaml.safe_load(run("cluster", "list", "-o", "yaml").out) == [cluster()]
    assert run("cluster", "list", "-o", "name").out == "cluster/east\n"
    assert run("-o", "name", "cluster", "list").out == "cluster/east\n"


def test_no_colours_in_a_pipe(run, fleet, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in run("cluster", "list").out


def test_a_long_line_stays_whole_in_a_pipe(run, signed_in):
    labels = {f"key-{number}": "x" * 40 for number in range(20)}
    signed_in.on("GET", CLUSTERS, {"results": [cluster(labels=labels)], "next": None})
    assert len(run("cluster", "list").out.splitlines()) == 2


def test_shows_one(run, fleet):
    got = run("cluster", "show", "east")
    assert "https://198.51.100.7:6443" in got.out
    assert run("cluster", "show", "east", "-o", "json").json["status"]["identity"] == "uid-1"


@pytest.mark.parametrize(
    ("command", "change"),
    [
        ("cordon", {"cordoned": True}),
        ("uncordon", {"cordoned": False}),
        ("suspend", {"suspended": True}),
        ("resume", {"suspended": False}),
    ],
)
def test_steers_the_cluster_as_it_was_read(run, fleet, command, change):
    fleet.on("PATCH", CLUSTERS + "east/", cluster(**change))
    assert run("cluster", command, "east", "-o", "name").out == "cluster/east\n"
    assert fleet.requests[-1].body == change
    assert fleet.requests[-1].headers["If-Match"] == '"3"'


def test_a_change_in_between_is_a_conflict(run, fleet):
    fleet.on("PATCH", CLUSTERS + "east/", {"code": "version_changed", "detail": "Changed."}, status=412)
    assert run("cluster", "cordon", "east").code == 4


def test_a_cluster_that_is_not_there(run, signed_in):
    assert run("cluster", "show", "nowhere").code == 3


ROLE = "example.org/role"
OFFERED = {
    "priority_classes": ["high"],
    "node_pools": ["large"],
    "service_account_annotations": {ROLE: ["a*", "b"]},
    "secret_stores": {"vault": ["teams/{team}/*"]},
}


@pytest.fixture
def offering(signed_in):
    signed_in.on("GET", CLUSTERS + "east/", cluster(**OFFERED), ETag='"3"')
    signed_in.on("PATCH", CLUSTERS + "east/", cluster(**OFFERED))
    return signed_in


@pytest.mark.parametrize(
    ("options", "change"),
    [
        (["--priority-class", "low"], {"priority_classes": ["high", "low"]}),
        (["--node-pool", "a", "--node-pool", "b"], {"node_pools": ["large", "a", "b"]}),
        (
            ["--service-account-annotation", f"{ROLE}=c=d", "--service-account-annotation", "example.org/x=*"],
            {"service_account_annotations": {ROLE: ["a*", "b", "c=d"], "example.org/x": ["*"]}},
        ),
        (
            ["--secret-store", "vault=shared/*", "--secret-store", "aws=*"],
            {"secret_stores": {"vault": ["teams/{team}/*", "shared/*"], "aws": ["*"]}},
        ),
    ],
)
def test_offers_besides_what_is_offered(run, offering, options, change):
    got = run("cluster", "offer", "east", *options, "--reason", "asked for")
    assert got.code == 0, got.err
    assert offering.requests[-1].body == {**change, "reason": "asked for"}
    assert offering.requests[-1].headers["If-Match"] == '"3"'
    assert "example.org/role  a* | b" in got.out


@pytest.mark.parametrize(
    ("options", "change"),
    [
        (["--priority-class", "high"], {"priority_classes": []}),
        (["--service-account-annotation", f"{ROLE}=b"], {"service_account_annotations": {ROLE: ["a*"]}}),
        (["--secret-store", "vault=teams/{team}/*"], {"secret_stores": {}}),
        (
            ["--service-account-annotation", f"{ROLE}=b", "--service-account-annotation", f"{ROLE}=a*"],
            {"service_account_annotations": {}},
        ),
    ],
)
def test_withdraws_what_is_offered(run, offering, options, change):
    assert run("cluster", "withdraw", "east", *options).code == 0
    assert offering.requests[-1].body == {**change, "reason": ""}


@pytest.mark.parametrize(
    "words",
    [
        ["offer", "east"],
        ["offer", "east", "--service-account-annotation", "no-value"],
        ["withdraw", "east", "--node-pool", "small"],
        ["withdraw", "east", "--service-account-annotation", f"{ROLE}=c"],
    ],
)
def test_an_offer_that_says_nothing_is_not_sent(run, offering, words):
    assert run("cluster", *words).code == 2
    assert not offering.sent("PATCH", CLUSTERS + "east/")


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        (["tier=gold"], {"region": "eu", "stage": "test", "tier": "gold"}),
        (["region=us", "stage-"], {"region": "us"}),
        (["region-", "region=us-"], {"region": "us-", "stage": "test"}),
    ],
)
def test_labels_are_set_and_taken_away_and_the_others_stay(run, signed_in, words, labels):
    east = cluster("east", labels={"region": "eu", "stage": "test"})
    signed_in.on("GET", f"{CLUSTERS}east/", east, ETag='"7"')
    signed_in.on("PATCH", f"{CLUSTERS}east/", east)
    assert run("cluster", "label", "east", *words, "--reason", "moved").code == 0
    [request] = [each for each in signed_in.requests if each.method == "PATCH"]
    assert request.body == {"labels": labels, "reason": "moved"}
    assert request.headers["If-Match"] == '"7"'


@pytest.mark.parametrize("word", ["tier-", "tier", "=gold", "-"])
def test_what_is_no_label_of_it_changes_nothing(run, signed_in, word):
    signed_in.on("GET", f"{CLUSTERS}east/", cluster("east", labels={"region": "eu"}))
    assert run("cluster", "label", "east", word).code == 2
    assert signed_in.sent("PATCH", f"{CLUSTERS}east/") == []
