"""`dougong cluster join` with a real kubectl and cluster; the control plane is a listener that keeps what it gets."""

import base64
import dataclasses
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from paas.cli.main import main


@pytest.fixture(scope="module")
def received(tmp_path_factory):
    """What a control plane that accepts every registration has been sent."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            known = self.path == "/api/v1/me"
            self.answer(200 if known else 404, {"operator": True} if known else {"code": "cluster_not_found"})

        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(201, {"name": bodies[-1]["name"]})

        def answer(self, status, body):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *arguments):
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DOUGONG_SERVER", f"http://127.0.0.1:{server.server_port}")
        patched.setenv("DOUGONG_TOKEN", "dgt_test")
        patched.setenv("DOUGONG_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
        yield bodies
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def registration(received, kubeconfig, kubectl):
    assert main(["cluster", "join", "east", "--kubeconfig", str(kubeconfig), "--kubectl", str(kubectl)]) == 0
    return received[-1]


def test_what_is_registered_opens_the_cluster_as_the_writer(registration, writer, admin, config_map, name):
    found = dataclasses.replace(
        writer, server=registration["server"], authority=registration["ca_data"], token=registration["token"]
    )
    assert found.get("/api/v1/pods").status == 200
    assert (
        found.apply(f"/api/v1/namespaces/default/configmaps/{name}", config_map(name, claim="c")).fenced == "namespace"
    )
    kube_system = json.loads(admin("get", "namespace", "kube-system", "-o", "json"))
    assert registration["identity"] == kube_system["metadata"]["uid"]


def test_the_token_lasts_thirty_days(registration):
    left = datetime.fromisoformat(registration["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < left <= timedelta(days=30)


def test_the_minter_token_mints(registration, minter):
    found = dataclasses.replace(minter, token=registration["minter_token"])
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    path = "/api/v1/namespaces/dougong-system/serviceaccounts/dougong-writer/token"
    assert found.create(path, body).status == 201


def test_the_administrators_credential_is_not_in_it(registration, admin):
    view = json.loads(admin("config", "view", "--minify", "--flatten", "--raw", "-o", "json"))
    user = view["users"][0]["user"]
    assert user
    sent = json.dumps(registration)
    for secret in user.values():
        plain = base64.b64decode(secret).decode() if "data" in str(user.keys()) else secret
        assert secret not in sent
        assert json.dumps(plain)[1:-1] not in sent


def test_joining_twice_is_joining_once(registration, received, kubeconfig, kubectl):
    assert main(["cluster", "join", "east", "--kubeconfig", str(kubeconfig), "--kubectl", str(kubectl)]) == 0
    again = received[-1]
    assert again is not registration
    assert {key for key in registration if again[key] != registration[key]} == {"token", "expires_at"}
