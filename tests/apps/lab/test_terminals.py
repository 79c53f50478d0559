"""`dougong exec` into a real pod: what goes through, sizes, exit codes, limits, recordings, and who is kept out."""

import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from dataclasses import replace
from importlib import resources
from urllib.parse import unquote

import pytest

from apps import services
from apps.models import Terminal
from apps.selectors.terminals import recording
from apps.terminals import socket as sockets
from clusters import terminal
from clusters.faults import ClusterFault
from clusters.models import ClusterCredential
from clusters.sessions import access_for
from paas.core.models import AuditEvent
from paas.identity import services as identity
from tests.apps.lab.site import ROOT, WEB, kubectl
from tests.soak.audit_log import AuditLog

PATIENCE = 60


@pytest.fixture(scope="session")
def terminals_granted(granted):
    """East, as joined with --exec."""
    kubectl(
        "apply", "--server-side", "-f", "-", stdin=(resources.files("deploy.member.exec") / "50-exec.yaml").read_text()
    )


@pytest.fixture
def minter(terminals_granted, east):
    encoded = kubectl("get", "secret", "dougong-minter", "-n", "dougong-system", "-o", "jsonpath={.data.token}")
    import base64

    ClusterCredential.objects.create(cluster=east, purpose="minter", token=base64.b64decode(encoded).decode())
    return access_for(east, ClusterCredential.Purpose.MINTER)


@pytest.fixture
def limits(settings):
    """limits(exec_minutes=…) sets what is set; terminals are on."""

    def go(**changes):
        settings.DOUGONG = settings.DOUGONG.model_copy(update={"exec_enabled": True, **changes})

    go()
    return go


@pytest.fixture
def served(limits, valkey):
    """The control plane's address, served by ASGI from this process."""
    import uvicorn
    from django.db import connections

    from paas.asgi import application

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="off"))

    def run():
        asyncio.run(server.serve(sockets=[listening]))
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.force_exit = server.should_exit = True
    thread.join()


@pytest.fixture
def site(bring, minter, owner, image):
    """An application whose environment allows terminals."""
    found = bring({"process": {**WEB["process"], "command": ["sleep", "infinity"]}})
    services.allow_exec(environment=found.environment, allowed=True, actor=owner)
    return found


@pytest.fixture
def command(served, owner, tmp_path):
    """command("--", "id") → argv and environment of `dougong exec` as the owner."""
    token, _ = identity.create_token(user=owner, name="test", actor=owner)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DOUGONG_")}
    server = {"DOUGONG_SERVER": served, "DOUGONG_TOKEN": str(token)}
    # The window's size is what the window says, not what some shell exported.
    environ = {**kept, **server, "HOME": str(tmp_path), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}

    def make(*words):
        return [sys.executable, "-m", "paas.cli.main", "exec", "demo/hello", "production", *words], environ

    return make


@pytest.fixture
def execute(command):
    """execute("--", "id", stdin="…") → the ended command, in a pipe."""

    def go(*words, stdin=""):
        argv, environ = command(*words)
        return subprocess.run(
            argv, cwd=ROOT, env=environ, input=stdin, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    return go


class Window:
    """A person's terminal with the command in it."""

    def __init__(self, argv, environ, columns, rows):
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execve(argv[0], argv, environ)
        self.seen = ""
        self.resize(columns, rows)

    def resize(self, columns, rows):
        fcntl.ioctl(self.handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def type(self, text):
        os.write(self.handle, text.encode())

    def until(self, text):
        """Read until `text` was shown."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self.handle], [], [], max(end - time.monotonic(), 0))
            assert ready, f"not shown in time: {self.seen!r}"
            try:
                self.seen += os.read(self.handle, 65536).decode(errors="replace")
            except OSError:
                pytest.fail(f"it ended: {self.seen!r}")
        before, _, self.seen = self.seen.partition(text)
        return before

    def end(self):
        """Its exit code."""
        try:
            while piece := os.read(self.handle, 65536):
                self.seen += piece.decode(errors="replace")
        except OSError:
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.handle)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture
def window(command):
    """window(*words, columns=80, rows=24) → a Window."""

    def go(*words, columns=80, rows=24):
        return Window(*command(*words), columns, rows)

    return go


def shown(row, actor):
    """(kind, text) of the recording's events, and its head."""
    head, *events = "".join(recording(actor, row)).splitlines()
    return json.loads(head), [(kind, text) for _, kind, text in map(json.loads, events)]


def ended():
    """The one terminal, once its end is noted."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        row = Terminal.objects.get()
        if row.ended_at is not None:
            return row
        time.sleep(0.05)
    pytest.fail("its end was not noted")


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
    since = time.monotonic()
    assert shell.end() == 255
    assert time.monotonic() - since < 3 * sockets.CHECK_SECONDS
    assert "Revoked: Terminals are turned off" in shell.seen
    assert ended().ending == "Revoked"


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


def test_two_at_once(site, window):
    first, second = window("--", "cat"), window("--", "cat")
    for each in (first, second):
        each.until("recorded.")
    first.type("one\n")
    second.type("two\n")
    first.until("one")
    second.until("two")
    assert "two" not in first.seen
    assert "one" not in second.seen
    for each in (first, second):
        each.type("\x04")
        assert each.end() == 0


def test_no_such_command(site, execute):
    done = execute("--", "no-such-command")
    assert done.returncode == 126
    assert "NotStarted" in done.stderr


def test_a_cluster_that_has_not_granted_it(site, execute, monkeypatch):
    monkeypatch.setattr(terminal, "ACCOUNT", "dougong-absent")
    done = execute("--", "true")
    assert done.returncode == 255
    assert "has not granted terminals" in done.stderr


def test_the_account_gets_nowhere_else(site, minter):
    """Its token opens no terminal outside the namespaces of environments, and does nothing else."""

    async def ask(namespace):
        endpoint = await terminal.identity(minter, "olga", namespace, seconds=600)
        place = terminal.Place(namespace, "absent", "web")
        async with terminal.opened(endpoint, place, ["true"], tty=False):
            pass

    with pytest.raises(terminal.ContainerGone):
        asyncio.run(ask(site.namespace))
    for other in ("default", "kube-system", "dougong-system"):
        with pytest.raises(terminal.NotGranted):
            asyncio.run(ask(other))

    async def pods():
        endpoint = await terminal.identity(minter, "olga", site.namespace, seconds=600)
        return await terminal.places(
            terminal.Access(minter.cluster_id, "east", "exec", 1, endpoint), site.namespace, "", label="x"
        )

    with pytest.raises(ClusterFault, match="403"):
        asyncio.run(pods())


def test_the_clusters_own_audit_log_names_the_person(site, execute):
    log = AuditLog("east")
    assert execute("--", "true").returncode == 0
    found = [each for each in log.events() if each["objectRef"].get("subresource") == "exec"]
    [event] = [each for each in found if each["stage"] == "ResponseStarted"]
    assert event["user"]["username"] == "system:serviceaccount:dougong-system:dougong-exec"
    spoken_for = event["impersonatedUser"]
    assert spoken_for["username"] == f"system:serviceaccount:{site.namespace}:dougong-team"
    assert spoken_for["extra"] == {"dougong.dev/person": ["olga"]}
    assert event["objectRef"]["name"] == next(iter(site.pods()))


@pytest.mark.parametrize("name", ["olga@example.org", "ольга", "o\r\nImpersonate-Group: system:masters"])
def test_a_name_is_a_name_and_nothing_else(site, minter, name):
    endpoint = asyncio.run(terminal.identity(minter, name, site.namespace, seconds=600))
    headers = dict(endpoint.headers)
    assert set(headers) == {"Impersonate-User", "Impersonate-Extra-dougong.dev%2Fperson"}
    assert headers["Impersonate-Extra-dougong.dev%2Fperson"].isascii()
    assert unquote(headers["Impersonate-Extra-dougong.dev%2Fperson"]) == name
    assert headers["Impersonate-Extra-dougong.dev%2Fperson"].isprintable()


SOMEBODY_ELSE = [
    {"Impersonate-User": "system:serviceaccount:{}:app"},
    {"Impersonate-User": "system:serviceaccount:kube-system:default"},
    {"Impersonate-User": "kubernetes-admin"},
    {"Impersonate-User": "system:serviceaccount:{}:dougong-team", "Impersonate-Group": "system:masters"},
    {"Impersonate-User": "system:serviceaccount:{}:dougong-team", "Impersonate-Extra-scopes": "all"},
    {"Impersonate-User": "system:serviceaccount:{}:dougong-team", "Impersonate-Uid": "1"},
    {},
]


@pytest.mark.parametrize("headers", SOMEBODY_ELSE, ids=str)
def test_the_account_speaks_for_nobody_else(site, minter, headers):
    """It names no user, no group and no other account, and is nothing itself."""
    chosen = tuple((name, value.format(site.namespace)) for name, value in headers.items())

    async def ask():
        endpoint = await terminal.identity(minter, "olga", site.namespace, seconds=600)
        place = terminal.Place(site.namespace, "absent", "web")
        async with terminal.opened(replace(endpoint, headers=chosen), place, ["true"], tty=False):
            pass

    with pytest.raises(terminal.NotGranted):
        asyncio.run(ask())
