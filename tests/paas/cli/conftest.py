"""A control plane that keeps what it is sent, and the command run in this process against it."""

import dataclasses
import io
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import keyring
import pytest
from keyring.backends import fail

from paas.cli.main import main


@dataclasses.dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict
    raw: bytes

    @property
    def body(self):
        return json.loads(self.raw) if self.raw else None


class ControlPlane:
    """Answers what it is told to by (method, path); anything else is a 404 problem."""

    def __init__(self):
        self.requests = []
        self.answers = {}
        plane = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                address = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                query = dict(parse_qsl(address.query))
                plane.requests.append(Request(self.command, address.path, query, dict(self.headers), raw))
                status, body, headers = plane.find(self.command, address.path)
                sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers, "Content-Length": len(sent)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *arguments):
                """Silent."""

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def on(self, method, path, body=None, status=200, **headers):
        """Answer so; given again, the answers come one after the other and the last one stays."""
        self.answers.setdefault((method, path), []).append((status, body, headers))

    def find(self, method, path):
        known = self.answers.get((method, path))
        if not known:
            return 404, {"code": "not_found", "detail": f"nothing at {path}", "status": 404}, {}
        return known.pop(0) if len(known) > 1 else known[0]

    def sent(self, method, path):
        """The bodies that were sent there."""
        return [each.body for each in self.requests if (each.method, each.path) == (method, path)]


@pytest.fixture
def plane():
    found = ControlPlane()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No file, variable or keyring of the person who runs the tests."""
    for name in [name for name in os.environ if name.startswith("DOUGONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DOUGONG_CONFIG_DIR", str(tmp_path / "config"))
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield tmp_path / "config"
    keyring.set_keyring(before)


@dataclasses.dataclass
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(capsys, monkeypatch):
    """run("cluster", "list", stdin="") → Run."""

    def go(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main(list(arguments))
        out, err = capsys.readouterr()
        return Run(code, out, err)

    return go


@pytest.fixture
def signed_in(plane, monkeypatch):
    """The command speaks to the plane as somebody."""
    monkeypatch.setenv("DOUGONG_SERVER", plane.url)
    monkeypatch.setenv("DOUGONG_TOKEN", "dgt_test")
    return plane


@pytest.fixture
def quick(monkeypatch):
    """Watching takes no time: each wait moves the clock on."""
    from paas.cli.commands import applications, clusters
    from paas.cli.watch import Clock

    passed = [0.0]

    def sleep(seconds):
        passed[0] += seconds

    clock = Clock(now=lambda: passed[0], sleep=sleep)
    monkeypatch.setattr(applications, "CLOCK", clock)
    monkeypatch.setattr(clusters, "CLOCK", clock)
    return passed


@pytest.fixture
def hello(signed_in):
    """An application with two environments."""
    environments = [{"id": "e-1", "name": "prod", "release": 2}, {"id": "e-2", "name": "dev", "release": 1}]
    found = {"id": "a-1", "name": "hello", "project": "shop", "environments": environments}
    signed_in.on("GET", "/api/v1/applications/", {"results": [found], "next": None})
    return found
