"""`diff`, `deploy --dry-run` and `rollback --dry-run`: what would change, for people and for scripts."""

import json

import pytest

from paas.cli import changes

FILE = json.dumps({"name": "hello", "project": "shop"})
APPLICATION = "/api/v1/projects/shop/applications/hello/"
FIELDS = [{"path": "spec.replicas", "before": 2, "after": 3}, {"path": "spec.paused", "before": None, "after": True}]
OBJECTS = [
    {"id": "ConfigMap/c-2", "change": "added", "fields": [], "object": {"data": {"GREETING": "hi"}}},
    {"id": "Deployment/web", "change": "changed", "fields": FIELDS, "object": None},
    {"id": "ConfigMap/c-1", "change": "removed", "fields": [], "object": {"data": {"GREETING": "hello"}}},
]
ANSWER = {
    "dryRun": True,
    "changed": True,
    "notes": ["prod: east has no gateway"],
    "environments": [
        {
            "name": "prod",
            "created": False,
            "release": {"before": 3, "after": 4},
            "image": {"before": "one", "after": "two"},
            "clusters": [{"name": "east", "placed": "kept", "unchanged": 5, "objects": OBJECTS}],
        }
    ],
}
NOTHING = {"dryRun": True, "changed": False, "notes": [], "environments": []}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "app.yaml"
    path.write_text(FILE)
    return str(path)


@pytest.mark.parametrize("words", [["diff"], ["deploy", "--dry-run"]])
def test_every_object_and_field(run, signed_in, file, words):
    signed_in.on("PUT", APPLICATION, ANSWER)
    got = run(*words, "-f", file, "-e", "prod")
    assert got.code == 0, got.err
    assert got.out.splitlines() == [
        "prod release 3 → 4",
        "  image: one → two",
        "  east 5 objects stay as they are",
        "    + ConfigMap/c-2",
        '      + GREETING: "hi"',
        "    ~ Deployment/web",
        "        spec.replicas: 2 → 3",
        "        spec.paused: nothing → true",
        "    - ConfigMap/c-1",
        '      - GREETING: "hello"',
        "1 added, 1 changed, 1 removed.",
    ]
    assert "no gateway" in got.err
    [request] = signed_in.requests
    assert request.query == {"dryRun": "true"}
    assert request.body["environments"] == ["prod"]


def test_colours_on_a_terminal():
    text = changes.shown(ANSWER)
    styles = {text.plain[each.start : each.end].strip(): str(each.style) for each in text.spans}
    assert styles["+ ConfigMap/c-2"] == "green"
    assert styles["~ Deployment/web"] == "yellow"
    assert styles["- ConfigMap/c-1"] == "red"


@pytest.mark.parametrize(("answer", "asked", "code"), [(ANSWER, True, 7), (ANSWER, False, 0), (NOTHING, True, 0)])
@pytest.mark.parametrize("words", [["diff"], ["deploy", "--dry-run"]])
def test_a_code_of_its_own_only_where_it_is_asked_for(run, signed_in, file, words, answer, asked, code):
    signed_in.on("PUT", APPLICATION, answer)
    assert run(*words, "-f", file, *(["--exit-code"] if asked else [])).code == code


def test_nothing(run, signed_in, file):
    signed_in.on("PUT", APPLICATION, NOTHING)
    assert run("diff", "-f", file).out == "Nothing would change.\n"


def test_for_scripts(run, signed_in, file):
    signed_in.on("PUT", APPLICATION, ANSWER)
    assert run("diff", "-f", file, "-o", "json").json == ANSWER
    assert run("diff", "-f", file, "-o", "name").out.splitlines() == [
        "prod/east/ConfigMap/c-2",
        "prod/east/Deployment/web",
        "prod/east/ConfigMap/c-1",
    ]


def test_a_refusal_is_told_as_in_a_deploy(run, signed_in, file):
    signed_in.on("PUT", APPLICATION, {"code": "host_taken", "detail": "Taken.", "status": 409}, status=409)
    got = run("diff", "-f", file)
    assert (got.code, "host_taken" in got.err) == (4, True)


def test_the_code_belongs_to_the_dry_run(run, signed_in, file):
    got = run("deploy", "-f", file, "--exit-code")
    assert (got.code, signed_in.requests) == (2, [])


def test_a_rollback(run, hello, signed_in):
    signed_in.on("POST", "/api/v1/applications/a-1/rollback/", ANSWER)
    got = run("rollback", "hello", "-e", "prod", "--dry-run")
    assert "~ Deployment/web" in got.out
    assert signed_in.requests[-1].query == {"dryRun": "true"}


BETWEEN = {
    "before": {"id": "x", "environment": "prod", "number": 3},
    "after": {"id": "y", "environment": "prod", "number": 5},
    "changed": True,
    "image": {"before": "one", "after": "two"},
    "config": [{"key": "LEVEL", "clusters": ["east", "west"], "before": None, "after": "debug"}],
    "secrets": [{"name": "database", "before": 1, "after": 2}],
    "clusters": [
        {"name": "east", "fault": "", "objects": OBJECTS[1:2]},
        {"name": "west", "fault": "cluster west offers no pool", "objects": []},
    ],
}


@pytest.fixture
def compared(signed_in):
    """What two releases of hello differ in."""
    hello = {"id": "a-1", "name": "hello", "project": "shop", "environments": [{"id": "e-1", "name": "prod"}]}
    signed_in.on("GET", "/api/v1/applications/", {"results": [hello], "next": None})
    signed_in.on("GET", "/api/v1/releases/", {"results": [{"id": "y"}], "next": None})
    signed_in.on("GET", "/api/v1/releases/y/differences/", BETWEEN)
    return signed_in


def test_two_releases(run, compared):
    got = run("diff", "shop/hello", "--from", "r3", "--to", "r5")
    assert got.code == 0, got.err
    assert got.out.splitlines() == [
        "prod release 3 → 5",
        "  image: one → two",
        '  LEVEL on east, west: nothing → "debug"',
        "  secret database, version: 1 → 2",
        "  east",
        "    ~ Deployment/web",
        "        spec.replicas: 2 → 3",
        "        spec.paused: nothing → true",
        "  west cluster west offers no pool",
    ]
    query = next(each.query for each in compared.requests if each.path == "/api/v1/releases/")
    assert (query["number"], query["environment"], query["project"]) == ("5", "prod", "shop")
    assert compared.requests[-1].query == {"from": "r3"}
    assert run("diff", "hello", "--from", "r3", "-o", "name").out == "prod/east/Deployment/web\n"
    assert run("diff", "hello", "--from", "r3", "--exit-code").code == 7


@pytest.mark.parametrize(
    "words",
    [
        [], ["hello"], ["hello", "--to", "r3"], ["--from", "r3"], ["hello", "-f", "-", "--from", "r3"],
        ["-f", "-", "--to", "r3"], ["hello", "--from", "r3", "-e", "prod", "-e", "dev"],
    ],
)  # fmt: skip
def test_what_is_compared_has_to_be_clear(run, compared, words):
    got = run("diff", *words, stdin=FILE)
    assert (got.code, compared.requests) == (2, [])
    assert "APP with --from RELEASE" in got.err
