"""Real clusters for what a joined cluster grants: the administrator, the writer and the minter of cluster `east`.

The lab is the one that DOUGONG_TEST_LAB names (default `test`). With DOUGONG_TEST_KUBECONFIG (and
DOUGONG_TEST_KUBECTL) a cluster of one's own is used.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest

from clusters.faults import ApiRefused
from tests.labs import LAB

Body = dict[str, Any]
ENVIRONMENT = "dougong.dev/environment"
CLAIM, EPOCH, RELEASED = "dougong.dev/claim", "dougong.dev/epoch", "dougong.dev/released"
ROOT = Path(__file__).resolve().parents[2]
REFUSED_TRIES = 300


@dataclass(frozen=True)
class Answer:
    """What an API server said."""

    status: int
    body: Any

    @property
    def fenced(self) -> str | None:
        """The rule of the fence that refused, read the way the delivery loop reads it."""
        return ApiRefused.of(self.status, self.body, None).fenced() if self.status >= 400 else None

    @property
    def refused_by_rbac(self) -> bool:
        return self.status == 403 and self.fenced is None and "cannot" in self.body["message"]


@dataclass
class Api:
    """One account of a cluster, spoken to in plain HTTP so that each test sees the whole answer."""

    server: str
    authority: str
    token: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        context = ssl.create_default_context(cadata=self.authority)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        headers = {"Authorization": f"Bearer {self.token}"}
        self.http = httpx.Client(base_url=self.server, verify=context, headers=headers, timeout=10, trust_env=False)

    def send(self, method: str, path: str, body: Body | None = None, **headers: str) -> Answer:
        got = self.http.request(method, path, content=None if body is None else json.dumps(body), headers=headers)
        return Answer(got.status_code, got.json() if "json" in got.headers.get("content-type", "") else got.text)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def create(self, path: str, body: Body) -> Answer:
        return self.send("POST", path, body, **{"Content-Type": "application/json"})

    def apply(self, path: str, body: Body, *, force: bool = False, manager: str = "dougong") -> Answer:
        query = f"?fieldManager={manager}&force={str(force).lower()}"
        return self.send("PATCH", path + query, body, **{"Content-Type": "application/apply-patch+yaml"})

    def merge(self, path: str, body: Body) -> Answer:
        return self.send("PATCH", path, body, **{"Content-Type": "application/merge-patch+json"})

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)


Admin = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the lab, and speaks to its addresses."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The administrator's kubeconfig of the cluster, as a file."""
    if own := os.environ.get("DOUGONG_TEST_KUBECONFIG"):
        return Path(own)
    argv = [sys.executable, "-m", "deploy.lab", "--lab", LAB, "kubeconfig", "east"]
    printed = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    path = tmp_path_factory.mktemp("member") / "admin.yaml"
    path.touch(0o600)
    path.write_text(printed)
    return path


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kubectl to call: the lab's own, so that nothing needs to be installed."""
    if own := os.environ.get("DOUGONG_TEST_KUBECTL"):
        return Path(own)
    script = tmp_path_factory.mktemp("bin") / "kubectl"
    script.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m deploy.lab --lab {LAB} kubectl east "$@"\n')
    script.chmod(0o755)
    return script


@pytest.fixture(scope="session")
def admin(kubeconfig: Path, kubectl: Path) -> Admin:
    """The administrator's kubectl: admin("get", "ns") → what it printed; `stdin` is piped."""

    def run(*arguments: str, stdin: str | None = None) -> str:
        argv = [str(kubectl), "--kubeconfig", str(kubeconfig), *arguments]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def granted(admin: Admin) -> None:
    """deploy/member is applied."""
    files = sorted(file.name for file in resources.files("deploy.member").iterdir() if file.name.endswith(".yaml"))
    text = "\n---\n".join((resources.files("deploy.member") / name).read_text() for name in files)
    admin("apply", "--server-side", "--force-conflicts", "--field-manager=dougong-join", "-f", "-", stdin=text)


@pytest.fixture(scope="session")
def endpoint(admin: Admin) -> tuple[str, str]:
    """(server, CA as PEM)."""
    view = json.loads(admin("config", "view", "--minify", "--flatten", "--raw", "-o", "json"))
    cluster = view["clusters"][0]["cluster"]
    return cluster["server"], base64.b64decode(cluster["certificate-authority-data"]).decode()


@pytest.fixture(scope="session")
def minter(admin: Admin, granted: None, endpoint: tuple[str, str]) -> Api:
    """The minter, with the credential of its Secret."""
    encoded = admin("get", "secret", "dougong-minter", "-n", "dougong-system", "-o", "jsonpath={.data.token}")
    return Api(*endpoint, base64.b64decode(encoded).decode())


@pytest.fixture(scope="session")
def writer(admin: Admin, granted: None, endpoint: tuple[str, str]) -> Api:
    """The writer, once the fence stands: the API server's caches learn of policy and roles a moment late."""
    token = admin("create", "token", "dougong-writer", "-n", "dougong-system", "--duration=1h").strip()
    api = Api(*endpoint, token)
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dougong-fence-probe"}}
    fence = json.loads(admin("get", "validatingadmissionpolicy", "dougong-fence", "-o", "json"))
    revision = fence["metadata"]["labels"]["app.kubernetes.io/version"]
    for _ in range(REFUSED_TRIES):
        answer = api.create("/api/v1/namespaces/default/configmaps?dryRun=All", probe)
        if answer.fenced and answer.body["message"].endswith(f"revision {revision}."):
            return api
    raise AssertionError("the fence does not stand")


@pytest.fixture(scope="session")
def ours(admin: Admin, writer: Api, namespace_body: Callable[..., Body]) -> Iterator[str]:
    """A namespace of ours, made by the writer itself; nothing is bound in it yet."""
    name = f"member-{uuid.uuid4().hex[:8]}"
    made = writer.apply(f"/api/v1/namespaces/{name}", namespace_body(name, claim="ground", epoch=5))
    assert made.status == 201, made.body
    yield name
    admin("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def foreign(admin: Admin) -> Iterator[str]:
    """A namespace of somebody else, with a ConfigMap in it."""
    name = f"foreign-{uuid.uuid4().hex[:8]}"
    admin("create", "namespace", name)
    admin("create", "configmap", "theirs", "-n", name, "--from-literal=key=theirs")
    yield name
    admin("delete", "namespace", name, "--wait=false")


@pytest.fixture
def name() -> str:
    """A name no other test uses."""
    return f"t-{uuid.uuid4().hex[:10]}"


def annotations(claim: str = "", epoch: int | str | None = None, released: str = "") -> dict[str, str]:
    """The annotations of ownership that are given."""
    marks = {CLAIM: claim, EPOCH: "" if epoch is None else str(epoch), RELEASED: released}
    return {key: text for key, text in marks.items() if text}


@pytest.fixture(scope="session")
def config_map() -> Callable[..., Body]:
    """config_map(name, claim=, epoch=, released=, data=) → a ConfigMap."""

    def make(name: str, *, data: dict[str, str] | None = None, **marks: Any) -> Body:
        metadata = {"name": name, "annotations": annotations(**marks)}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"key": "ours"}}

    return make


@pytest.fixture(scope="session")
def namespace_body() -> Callable[..., Body]:
    """namespace_body(name, label=True, claim=, epoch=, released=) → a Namespace, with our label or without."""

    def make(name: str, *, label: bool = True, **marks: Any) -> Body:
        labels = {ENVIRONMENT: "e-1"} if label else {}
        metadata = {"name": name, "labels": labels, "annotations": annotations(**marks)}
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}

    return make


@pytest.fixture(scope="session")
def role_binding() -> Callable[..., Body]:
    """role_binding(name, role) → the writer bound to a ClusterRole, with a claim."""

    def make(name: str, role: str) -> Body:
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name, "annotations": annotations(claim="c")},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "dougong-writer", "namespace": "dougong-system"}],
        }

    return make


@pytest.fixture(scope="session")
def bound(writer: Api, ours: str, role_binding: Callable[..., Body]) -> str:
    """Our namespace, with what its ground binds there."""
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{ours}/rolebindings/dougong-writer"
    answer = writer.apply(path, role_binding("dougong-writer", "dougong-namespace-writer"))
    assert answer.status == 201, answer.body
    while writer.get(f"/api/v1/namespaces/{ours}/secrets").status == 403:
        pass  # the binding reaches the API server's cache a moment later
    return ours
