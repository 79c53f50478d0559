"""What ends a terminal in a real pod: time, silence, a full recording, somebody's word, and the pod itself."""

from apps import services
from apps.models import Terminal
from apps.selectors.terminals import recording
from paas.core.models import AuditEvent
from paas.identity.revocation import end_access
from tests.apps.lab.terminals.window import ended, shown


def test_the_time_is_over(site, execute, limits):
    limits(exec_minutes=2 / 60)
    done = execute("--", "sleep", "1000")
    assert done.returncode == 255
    assert "TimeOver: It lasted as long as it may: 2 seconds." in done.stderr
    assert ended().ending == "TimeOver"


def test_nobody_types(site, window, limits):
    limits(exec_idle_minutes=2 / 60)
    shell = window("--", "cat")
    assert shell.end() == 255
    assert "Idle: Nothing was typed or printed for 2 seconds." in shell.seen


def test_forbidden_in_the_middle(site, window, owner):
    shell = window("--", "cat")
    shell.until("recorded.")
    shell.type("hello\n")
    shell.until("hello")  # it may be this side's echo
    shell.until("hello")
    services.allow_exec(environment=site.environment, allowed=False, actor=owner)
    assert shell.end() == 255
    assert "Revoked: Terminals are turned off" in shell.seen
    assert ended().ending == "Revoked"


def test_who_is_removed_sits_before_it_no_longer(site, window, owner, admin):
    """The account is closed in the middle: the terminal ends, long before its time is over."""
    shell = window("--", "sh", "-c", "echo here; cat > /tmp/typed")
    shell.until("here")
    shell.type("before\n")
    site.until(lambda: site.sh("cat /tmp/typed") == "before\n")
    end_access(owner, "left the company", actor=admin)
    assert shell.end() == 255
    row = ended()
    assert (row.ending, row.opened_by_name) == ("Revoked", "olga")
    assert AuditEvent.objects.get(action="terminal.ended").after["ending"] == "Revoked"


def test_the_pod_goes(site, window):
    """Whatever Kubernetes says of it, the terminal ends."""
    shell = window("--", "sh", "-c", "echo here; sleep 1000")
    shell.until("here")
    site.kubectl("delete", "pod", Terminal.objects.get().pod, "--now", "--wait=false")
    assert shell.end() != 0
    assert ended().ending in ("Exited", "ConnectionLost")


def test_a_flood_ends_when_its_recording_is_full(site, execute, limits, owner):
    limits(exec_recording_kilobytes=200)
    done = execute("--", "yes")
    assert done.returncode == 255
    assert "RecordingFull" in done.stderr
    row = ended()
    # The last piece may be a web socket's longest message.
    assert 200_000 <= len("".join(recording(owner, row)).encode()) < 1_500_000
    # Nothing was shown that was not recorded.
    _, events = shown(row, owner)
    assert done.stdout == "".join(text for _, text in events)
