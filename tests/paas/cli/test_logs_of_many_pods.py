"""Lines of many pods come in the order of their times, each pod in a colour of its own on a terminal."""

import json

import pytest

from paas.cli import logs
from paas.cli.errors import UnreachableError
from paas.cli.logs import Colours, Line, in_order

LOGS = "/api/v1/environments/e-1/logs/"


def event(pod, at, line="x"):
    return json.dumps({"cluster": "east", "pod": pod, "at": at, "line": line})


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """Nothing is let go before the stream ends, however slow the machine."""
    monkeypatch.setattr(logs, "WINDOW_SECONDS", 3600.0)


MIXED = [
    event("a", "2026-11-24T10:00:00.2Z", "2"),
    event("a", "2026-11-24T10:00:00.223456789Z", "4"),
    event("b", "2026-11-24T10:00:00.1Z", "1"),
    event("b", "2026-11-24T10:00:00.22Z", "3"),
    event("b", "2026-11-24T10:00:01Z", "6"),
    event("c", "2026-11-24T11:00:00.9+01:00", "5"),
]


@pytest.mark.parametrize("follow", [True, False])
def test_by_time_down_to_the_nanosecond(follow):
    assert [each.text for each in in_order(MIXED, follow=follow)] == list("123456")


@pytest.mark.parametrize("follow", [True, False])
def test_what_has_no_time_stays_where_it_came(follow):
    events = [MIXED[0], event("", "", "no pod is there"), "plain", MIXED[4]]
    assert [each.text for each in in_order(events, follow=follow)] == ["2", "no pod is there", "plain", "6"]


def test_what_waited_is_told_before_the_stream_s_end_is():
    def broken():
        yield MIXED[4]
        yield MIXED[0]
        raise UnreachableError("gone")

    seen = []
    with pytest.raises(UnreachableError):
        seen.extend(each.text for each in in_order(broken(), follow=True))
    assert seen == ["2", "6"]


def test_a_line_waits_no_longer_than_its_moment(monkeypatch):
    monkeypatch.setattr(logs, "WINDOW_SECONDS", 0.0)
    more = iter(in_order(iter(MIXED), follow=True))
    assert next(more).text in "12"


def test_a_colour_for_each_pod():
    colours = Colours()
    texts = [colours.shown(Line.of(event(pod, ""))) for pod in ("a", "b", "a")]
    assert [each.plain for each in texts] == ["east/a x", "east/b x", "east/a x"]
    first, second, third = (str(each.spans[0].style) for each in texts)
    assert first == third != second


def test_a_line_says_the_release_of_its_pod():
    said = json.dumps({"cluster": "east", "pod": "a", "release": "r8", "at": "", "line": "x"})
    assert Colours().shown(Line.of(said)).plain == "east/a r8 x"


def test_one_release_is_asked_for(run, hello, signed_in):
    signed_in.on("GET", LOGS, b"", **{"Content-Type": "text/event-stream"})
    assert run("logs", "hello", "-e", "prod", "--release", "r8").code == 0
    assert signed_in.requests[-1].query == {"release": "r8"}


def test_in_a_pipe_they_are_plain_and_in_order(run, hello, signed_in):
    stream = "".join(f"event: line\ndata: {each}\n\n" for each in MIXED[:4]).encode()
    signed_in.on("GET", LOGS, stream, **{"Content-Type": "text/event-stream"})
    assert run("logs", "hello", "-e", "prod", "--tail", "7").out.splitlines() == [
        "east/b 1",
        "east/a 2",
        "east/b 3",
        "east/a 4",
    ]
    assert signed_in.requests[-1].query == {"tail": "7"}
    found = [json.loads(line) for line in run("logs", "hello", "-e", "prod", "-o", "json").out.splitlines()]
    assert [each["line"] for each in found] == list("1234")
