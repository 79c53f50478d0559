"""`dougong exec` without a cluster: its switch, who opened which terminal, replays, and what it asks for."""

import json

import pytest

from paas.cli.commands import terminals
from paas.cli.terminal import Ended

EXEC = "/api/v1/environments/e-1/exec/"
ACCESS = {"platform": True, "allowed": True, "permitted": True, "seconds": 900, "idle_seconds": 300}
APPLICATION = {"id": "a-1", "name": "hello", "project": "shop", "environments": [{"id": "e-1", "name": "prod"}]}
TERMINAL = {
    "id": "t-1", "opened_at": "2026-01-31T12:00:00Z", "opened_by": "olga", "cluster": "east", "pod": "hello-web-1",
    "command": ["sh"], "ending": "Exited", "exit_code": 3, "reason": "a look",
}  # fmt: skip


@pytest.fixture
def hello(signed_in):
    signed_in.on("GET", "/api/v1/applications/", {"results": [APPLICATION], "next": None})
    signed_in.on("GET", EXEC, ACCESS)
    return signed_in


@pytest.mark.parametrize(("word", "allowed"), [("--allow", True), ("--forbid", False)])
def test_the_switch(run, hello, word, allowed):
    hello.on("PUT", EXEC, {**ACCESS, "allowed": allowed})
    found = run("exec", "hello", "prod", word, "--reason", "an incident", "-o", "name")
    assert (found.code, found.out) == (0, "on\n" if allowed else "off\n")
    assert hello.sent("PUT", EXEC) == [{"allowed": allowed, "reason": "an incident"}]


def test_who_opened_which(run, hello):
    hello.on("GET", "/api/v1/terminals/", {"results": [TERMINAL], "next": None})
    found = run("exec", "hello", "prod", "--recordings")
    assert found.code == 0
    for word in ("t-1", "olga", "east/hello-web-1", "Exited 3", "a look"):
        assert word in found.out


def test_a_recording_in_a_pipe_is_the_recording(run, hello):
    """With the characters in it that Unicode takes for the ends of lines."""
    lines = ['{"version": 2}', '[0.1, "o", "one\u2028two\x85"]']
    hello.on("GET", "/api/v1/terminals/t-1/recording/", "\n".join(lines).encode() + b"\n")
    assert run("exec", "hello", "prod", "--replay", "t-1").out == "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("ended", "code", "said"),
    [
        (Ended("Exited", "", 42), 42, ""),
        (Ended("NotStarted", "no such file", 126), 126, "NotStarted: no such file"),
        (Ended("TimeOver", "It lasted long.", None), 255, "TimeOver: It lasted long."),
    ],
)
def test_exit_codes(run, hello, monkeypatch, ended, code, said):
    hello.on("POST", EXEC, {"id": "t-1", "ticket": "secret", "cluster": "east", "pod": "hello-web-1"})
    monkeypatch.setattr(terminals, "joined", lambda *given, **named: ended)
    found = run("exec", "hello", "prod", "--process", "web", "--", "ls", "-l")
    assert found.code == code
    assert "It ends after 15 minutes, or 5 in which nothing is typed or printed." in found.err
    assert said in found.err
    assert "secret" not in found.out + found.err
    [order] = hello.sent("POST", EXEC)
    assert {key: order[key] for key in ("command", "process", "tty")} == {
        "command": ["ls", "-l"], "process": "web", "tty": False,
    }  # fmt: skip


def test_a_refusal_is_told(run, hello):
    problem = {"status": 403, "code": "exec_not_allowed", "detail": "Terminals are turned off."}
    hello.on("POST", EXEC, problem, 403)
    found = run("exec", "hello", "prod", "-o", "json")
    assert found.code == 1
    assert json.loads(found.err)["code"] == "exec_not_allowed"
