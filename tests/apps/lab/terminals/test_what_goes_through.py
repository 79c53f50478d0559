"""`dougong exec` into a real pod: what goes through, sizes, exit codes, and what is recorded of it."""

from paas.core.models import AuditEvent
from tests.apps.lab.terminals.window import ended, shown


def test_in_a_pipe(site, execute, owner):
    """Input, output, errors and exit code go through apart; the trail says who, where, why and how much."""
    done = execute("--reason", "a look", "--", "sh", "-c", "cat; echo bad >&2; exit 42", stdin="one\ntwo\n")
    assert (done.returncode, done.stdout) == (42, "one\ntwo\n")
    assert done.stderr.endswith("bad\n")
    row = ended()
    assert (row.ending, row.exit_code, row.bytes_in, row.bytes_out) == ("Exited", 42, 8, 12)
    assert (row.cluster, row.pod, row.container) == ("east", next(iter(site.pods())), "web")
    head, events = shown(row, owner)
    assert (head["version"], head["command"]) == (2, "sh -c cat; echo bad >&2; exit 42")
    assert sorted("".join(text for _, text in events).split()) == ["bad", "one", "two"]
    begun, end = AuditEvent.objects.filter(action__startswith="terminal.").order_by("pk")
    assert (begun.action, begun.actor, begun.reason) == ("terminal.opened", owner, "a look")
    assert (end.action, end.actor, end.reason) == ("terminal.ended", owner, "a look")
    assert {key: end.after[key] for key in ("pod", "container", "exit_code", "bytes_out")} == {
        "pod": row.pod, "container": "web", "exit_code": 42, "bytes_out": 12,
    }  # fmt: skip


def test_a_shell_on_a_terminal(site, window, owner):
    """It has the window's size, learns of another, takes ^C, and its exit code is the command's."""
    shell = window("--", "sh", columns=101, rows=33)
    shell.until("$ ")
    shell.type("stty size\n")
    shell.until("33 101")
    shell.resize(70, 20)
    shell.type("while [ \"$(stty size)\" != '20 70' ]; do :; done; echo si''zed\n")
    shell.until("sized")
    shell.type("sleep 1000\n")
    shell.until("sleep 1000")
    shell.type("\x03")
    shell.type("stty -echo; echo hid''den; read word; stty echo; exit 7\n")
    shell.until("hidden")
    shell.type("password-123\n")
    assert shell.end() == 7
    row = ended()
    _, events = shown(row, owner)
    assert ("r", "70x20") in events
    text = "".join(text for kind, text in events if kind == "o")
    assert "33 101" in text
    assert "password-123" not in text


def test_two_at_once(site, window):
    # Once the command itself has spoken, the window sends what is typed as it is, and echoes nothing of its own.
    first, second = (window("--", "sh", "-c", "echo ready; exec cat") for _ in range(2))
    for each in (first, second):
        each.until("ready")
    first.type("one\n")
    second.type("two\n")
    first.until("one")
    second.until("two")
    assert "two" not in first.seen
    assert "one" not in second.seen
    for each in (first, second):
        each.type("\x04")
        assert each.end() == 0, each.seen


def test_no_such_command(site, execute):
    done = execute("--", "no-such-command")
    assert done.returncode == 126
    assert "NotStarted" in done.stderr
