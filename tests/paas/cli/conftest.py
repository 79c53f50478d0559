"""A control plane and a kubectl that keep what they are sent, and the command run in this process against them."""

import base64
import dataclasses
import datetime
import io
import json
import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import keyring
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
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
    from paas.cli.commands import account, applications, clusters
    from paas.cli.watch import Clock

    passed = [0.0]

    def sleep(seconds):
        passed[0] += seconds

    clock = Clock(now=lambda: passed[0], sleep=sleep)
    monkeypatch.setattr(account, "CLOCK", clock)
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


def authority():
    """A certificate authority, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    start = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


KUBECTL = """#!{python}
import base64, json, os, pathlib, sys
home = pathlib.Path({home!r})
arguments, stdin = sys.argv[1:], sys.stdin.read()
config = pathlib.Path(arguments[arguments.index("--kubeconfig") + 1])
rest = [each for each in arguments if each not in ("--kubeconfig", str(config))]
with (home / "calls").open("a") as calls:
    call = {{"arguments": rest, "stdin": stdin, "config": config.read_text(), "path": str(config)}}
    calls.write(json.dumps(call | {{"mode": config.stat().st_mode}}) + "\\n")
said = json.loads((home / "answers").read_text())
def has(*words):
    return all(word in rest for word in words)
if has("config", "view"):
    print(json.dumps(said["view"]))
elif has("get", "namespace", "kube-system"):
    print(json.dumps({{"metadata": {{"uid": said["identity"]}}}}))
elif has("create", "token"):
    days = next(each for each in rest if each.startswith("--duration"))
    token = "writer-" + days.partition("=")[2]
    print(json.dumps({{"status": {{"token": token, "expirationTimestamp": "2999-12-24T00:00:00Z"}}}}))
elif has("get", "secret", "dougong-minter"):
    print(json.dumps({{"data": {{"token": base64.b64encode(b"minter-token").decode()}}}}))
elif has("--dry-run=server"):
    answers = home / "trials"
    left = json.loads(answers.read_text())
    answers.write_text(json.dumps(left[1:] or left))
    if left[0]:
        sys.exit(left[0])
"""


class Tool:
    """The fake kubectl, its answers and what it was called with."""

    canaries = ("adm1n-client-key", "adm1n-client-certificate", "adm1n-token", "adm1n-exec-argument")
    fenced = "Error from server (Forbidden): denied request: dougong-fence: namespace: The fence stands, revision 2."

    def __init__(self, home):
        self.home = home
        self.ca = authority()
        self.program = home / "kubectl"
        self.program.write_text(KUBECTL.format(python=sys.executable, home=str(home)))
        self.program.chmod(0o755)
        self.kubeconfig = home / "admin.yaml"
        self.kubeconfig.write_text("\n".join(self.canaries))
        cluster = {
            "server": "https://198.51.100.7:6443",
            "certificate-authority-data": base64.b64encode(self.ca.encode()).decode(),
        }
        users = [{"user": {f"secret-{number}": each for number, each in enumerate(self.canaries)}}]
        self.say(view={"clusters": [{"cluster": cluster}], "users": users}, identity="uid-1")
        self.trials(self.fenced)

    def say(self, **answers):
        path = self.home / "answers"
        path.write_text(json.dumps((json.loads(path.read_text()) if path.exists() else {}) | answers))

    def trials(self, *answers):
        """What the cluster says to the test writes, the last one for ever."""
        (self.home / "trials").write_text(json.dumps(answers))

    @property
    def calls(self):
        path = self.home / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def commands(self):
        return [" ".join(call["arguments"]) for call in self.calls]

    @property
    def options(self):
        return ["--kubeconfig", str(self.kubeconfig), "--kubectl", str(self.program)]


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """A kubectl, and a folder of its own for what is temporary."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return Tool(tmp_path)


@pytest.fixture
def asked(monkeypatch):
    """asked(True) answers every question so; the questions."""
    questions = []

    def answer(yes):
        monkeypatch.setattr("paas.cli.output.Output.interactive", True)
        monkeypatch.setattr("typer.confirm", lambda question, **_: questions.append(question) or yes)
        return questions

    return answer
