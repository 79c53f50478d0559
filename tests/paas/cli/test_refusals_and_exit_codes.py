"""How failures are told, and with which exit code."""

import json
import socket

import pytest

from paas.cli.hints import hint
from paas.core.codes import codes

CLUSTER = "/api/v1/clusters/east/"


def problem(status, **more):
    return {"type": "urn:x", "title": "T", "status": status, "detail": "It is so.", "code": "some_code", **more}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 1),
        (401, 1),
        (403, 1),
        (404, 3),
        (409, 4),
        (412, 4),
        (428, 4),
        (422, 1),
        (429, 1),
        (500, 1),
        (502, 5),
        (503, 5),
    ],
)
def test_a_status_has_its_exit_code(run, signed_in, status, code):
    signed_in.on("GET", CLUSTER, problem(status), status=status)
    assert run("cluster", "show", "east").code == code


def test_tells_what_was_refused_why_and_what_to_do_next(run, signed_in):
    body = problem(403, rule="Only operators may.", remedy="Ask one.", request_id="r-1")
    signed_in.on("GET", CLUSTER, body, status=403)
    got = run("cluster", "show", "east")
    assert got.out == ""
    assert got.err.splitlines() == [
        "Error [some_code]: It is so.",
        "Rule: Only operators may.",
        "Next: Ask one.",
        "Request: r-1",
    ]


def test_every_code_of_the_api_says_what_to_do_next():
    bare = {each.code for each in codes() if not any(each.remedies)}
    assert bare
    assert [each for each in sorted(bare) if not hint(each.replace("…", "thing"))] == []


def test_a_hint_comes_where_the_api_has_no_remedy(run, signed_in):
    signed_in.on("GET", CLUSTER, problem(409, code="cluster_leaving"), status=409)
    signed_in.on("GET", CLUSTER, problem(409, code="cluster_leaving", remedy="Wait."), status=409)
    assert "Next: Wait until it has left; `dougong cluster show NAME`" in run("cluster", "show", "east").err
    assert "Next: Wait.\n" in run("cluster", "show", "east").err


def test_tells_each_wrong_field(run, signed_in):
    errors = [
        {"path": "blocks[0].port.port", "expected": "an integer from 1 to 65535", "got": "0"},
        {"path": "name", "code": "required", "message": "This field is required."},
    ]
    signed_in.on("GET", CLUSTER, problem(400, errors=errors), status=400)
    got = run("cluster", "show", "east")
    assert "  blocks[0].port.port: expected an integer from 1 to 65535, got 0" in got.err
    assert "  name: This field is required." in got.err


def test_as_json_the_failure_is_json_too(run, signed_in):
    signed_in.on("GET", CLUSTER, problem(409, rule="R", remedy="M"), status=409)
    got = run("cluster", "show", "east", "-o", "json")
    told = json.loads(got.err)
    assert told == {"code": "some_code", "message": "It is so.", "rule": "R", "remedy": "M", "exit_code": 4}


def test_signing_in_is_what_comes_next_after_a_401(run, signed_in):
    signed_in.on("GET", CLUSTER, {"code": "not_authenticated", "detail": "No."}, status=401)
    assert "Next: Sign in with `dougong login`." in run("cluster", "show", "east").err


def test_an_answer_that_is_no_problem_is_told_all_the_same(run, signed_in):
    signed_in.on("GET", CLUSTER, b"<html>Bad gateway</html>", status=502, **{"Content-Type": "text/html"})
    got = run("cluster", "show", "east")
    assert (got.code, "answered 502" in got.err, "<html>" in got.err) == (5, True, False)


def test_something_else_that_answers_is_no_control_plane(run, signed_in):
    signed_in.on("GET", CLUSTER, b"<html>Welcome</html>", **{"Content-Type": "text/html"})
    assert run("cluster", "show", "east").code == 5


def test_nobody_answers(run, monkeypatch):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DOUGONG_TOKEN", "t")
        got = run("cluster", "list", "--server", f"http://127.0.0.1:{held.getsockname()[1]}")
    assert got.code == 5
    assert "does not answer" in got.err


@pytest.mark.parametrize("arguments", [["nonsense"], ["cluster", "show"], ["cluster", "list", "-o", "xml"], ["deploy"]])
def test_a_wrong_command_line_is_2(run, arguments):
    assert run(*arguments).code == 2


def test_a_wrong_address_is_2(run, monkeypatch):
    monkeypatch.setenv("DOUGONG_TOKEN", "t")
    assert run("cluster", "list", "--server", "ftp://x").code == 2


def test_a_name_cannot_leave_its_place_in_the_address(run, signed_in):
    run("cluster", "show", "../me?x=1")
    assert signed_in.requests[-1].path == "/api/v1/clusters/..%2Fme%3Fx%3D1/"
