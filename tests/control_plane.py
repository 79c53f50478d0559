"""A pytest plugin: `control_plane`, the five real processes against the test lab, both clusters joined.

Its database and Valkey number are its own, so several sessions may use one lab; it is one for the whole session. What
asks for it is marked `lab` and may use the network. The lab is the one that DOUGONG_TEST_LAB names (`test` if unset).

    def test_it(control_plane):
        app = control_plane.application()
        app.deploy(greeting="Hi")
        control_plane.kill("worker-edit")
        assert app.answer("east")["greeting"] == "Hi"
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest
import redis
import yaml
from psycopg.conninfo import make_conninfo
from xdist.scheduler import LoadFileScheduling

from deploy.control_plane import environment
from deploy.control_plane.plane import ControlPlane
from deploy.demo import image, people
from deploy.lab.commands import run
from deploy.lab.errors import LabError
from deploy.lab.lab import Lab, opened
from tests.labs import LAB

CLUSTERS = ("east", "west")
USERS = (
    "tests/faults/",
    "tests/demo/test_end_to_end.py",
    "tests/demo/test_logs_of_live_pods.py",
    "tests/docs/test_tutorial.py",
)
WAIT_SECONDS = 120.0
HELD = "dougong:test:held"
HELD_SECONDS = 3 * 3600
T = TypeVar("T")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What uses the control plane needs the lab, speaks to its addresses and takes its time."""
    for item in items:
        if "control_plane" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)
            item.add_marker(pytest.mark.enable_socket)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(600))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """With `--dist loadfile` the tests of the control plane are as one file, so that only one process starts it."""
    return _OneControlPlane(config, log) if config.getvalue("dist") == "loadfile" else None


class _OneControlPlane(LoadFileScheduling):  # type: ignore[misc]  # xdist carries no types
    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "control plane" if file.startswith(USERS) else file


def eventually(look: Callable[[], T], wanted: Callable[[T], bool] = bool, *, seconds: float = WAIT_SECONDS) -> T:
    """What is seen once it is as wanted; an assertion with the last sight if that does not come about."""
    deadline = time.monotonic() + seconds
    while not wanted(seen := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s; last seen: {seen!r}"
        time.sleep(0.1)
    return seen


@dataclass
class Running:
    """What the fixture yields.

    env       the settings of the processes
    api       HTTP as `ada`, owner of the team and of the project `demo`; `admin` as the administrator
    image     the sample application's image, by digest
    gateways  cluster → the address of its gateway
    lab       the lab itself: `lab.cut("east")`, `lab.stop("valkey")`, …
    """

    plane: ControlPlane
    lab: Lab
    image: str
    gateways: dict[str, str]
    api: httpx.Client
    admin: httpx.Client
    database: str
    valkey: str
    applications: list[Application] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        return dict(self.plane.env)

    def cli(self, *words: str, person: str = people.OWNER, stdin: str = "") -> str:
        """What the real command prints; LabError where it is refused."""
        return self.plane.cli(person)(*words, stdin=stdin)

    def kill(self, name: str) -> None:
        """kill -9 of a process of the Procfile; its supervisor starts another."""
        self.plane.group.kill(name)

    def alive(self, name: str) -> bool:
        """Whether a process of the Procfile runs now."""
        return self.plane.group.process(name) is not None

    def log(self, name: str) -> str:
        """The end of a process's log."""
        return self.plane.group.log(name, 20_000)

    def kubectl(self, cluster: str, *words: str, stdin: str | None = None) -> str:
        """kubectl as the cluster's administrator."""
        runner = self.lab.cluster(cluster)
        program = self.lab.binaries.kubernetes("kubectl")
        return run([program, "--kubeconfig", runner.control.admin, *words], stdin=stdin)

    def objects(self, cluster: str, kinds: str, *words: str) -> list[dict[str, Any]]:
        """Objects of these kinds as the cluster has them: objects("east", "deployments", "-n", namespace)."""
        return list(json.loads(self.kubectl(cluster, "get", kinds, *words, "-o", "json"))["items"])

    def application(self, name: str = "") -> Application:
        """Another copy of the sample application, with a name and host of its own; it is retired at the end."""
        made = Application(self, name or f"hello-{secrets.token_hex(3)}")
        self.applications.append(made)
        return made


@dataclass
class Application:
    """The sample application under a name of its own, in the project `demo`."""

    running: Running
    name: str
    environment: str = "production"

    @property
    def host(self) -> str:
        return f"{self.name}.example"

    @property
    def reference(self) -> str:
        return f"{people.PROJECT}/{self.name}"

    def document(self, *, greeting: str = "Hello", clusters: tuple[str, ...] = CLUSTERS, replicas: int = 1) -> Any:
        """Its app file, made from the one in examples/hello."""
        document = yaml.safe_load((image.SOURCE / "app.yaml").read_text())
        document |= {"name": self.name, "image": self.running.image}
        document["environments"] = {self.environment: {"clusters": list(clusters)}}
        changes: dict[str, dict[str, Any]] = {
            "process": {"replicas": replicas},
            "config": {"values": {"GREETING": greeting}},
            "route": {"host": self.host},
        }
        for block in document["blocks"]:
            for kind, parameters in block.items():
                parameters.update(changes.get(kind, {}))
        return document

    def deploy(self, document: Any = None, *, watch: bool = True, **changes: Any) -> str:
        """`dougong deploy -f - [--watch]`; what it printed."""
        text = yaml.safe_dump(document or self.document(**changes))
        return self.running.cli("deploy", "-f", "-", *(["--watch"] if watch else []), stdin=text)

    def namespace(self) -> str:
        """The namespace of its environment, the same on every cluster."""
        found = self.running.api.get("/environments/", params={"application": self.name}).json()["results"]
        return str(found[0]["namespace"])

    def answer(self, cluster: str) -> dict[str, Any]:
        """What it says through the cluster's gateway; {} while nothing of it answers there."""
        try:
            said = httpx.get(
                f"{self.running.gateways[cluster]}/json", headers={"Host": self.host}, timeout=5, trust_env=False
            )
        except httpx.TransportError:
            return {}
        return dict(said.json()) if said.status_code == 200 else {}

    def status(self) -> dict[str, Any]:
        """Its status as the API gives it; asked again and again, so no command is started for it."""
        api, query = self.running.api, {"project": people.PROJECT, "name": self.name}
        [found] = api.get("/applications/", params=query).raise_for_status().json()["results"]
        return dict(api.get(f"/applications/{found['id']}/status/").raise_for_status().json())

    def retire(self) -> None:
        """`dougong retire`."""
        self.running.cli("retire", self.reference, "--confirm", self.name)

    def gone(self, cluster: str) -> bool:
        """Whether the cluster has nothing of its environment any more: its namespace went, or is not ours now."""
        left = self.running.objects(cluster, "namespaces", "-l", "dougong.dev/environment")
        return not [each for each in left if self.name in each["metadata"]["name"]]


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The processes, the people of the demo, both clusters joined by the real command."""
    with opened(LAB, changing=False) as lab:
        running = _prepare(lab, tmp_path_factory.mktemp("control-plane"))
        try:
            _start(running)
            yield running
        finally:
            _finish(running)


def _prepare(lab: Lab, state: Path) -> Running:
    there = lab.env()
    database, valkey = _database(there["DATABASE_URL"]), _valkey(there["REDIS_URL"])
    servers = [cluster.server for cluster in lab.plan.clusters]
    settings = environment.local(database=database, valkey=valkey, port=_free_port(), servers=servers)
    keys = environment.keys(state / "environment")
    # More often than in production, so that what only the sweep finds is found within a test.
    plane = ControlPlane(state, {**settings, **keys, "DOUGONG_SWEEP_SECONDS": "10", "DOUGONG_LOGIN_RATE": "1000/min"})
    gateways = {name: there[f"GATEWAY_{name.upper()}"] for name in CLUSTERS}
    client = httpx.Client(base_url=f"{plane.server}/api/v1", trust_env=False, timeout=30)
    admin = httpx.Client(base_url=f"{plane.server}/api/v1", trust_env=False, timeout=30)
    return Running(plane, lab, image.build(there["REGISTRY"]), gateways, client, admin, database, valkey)


def _start(running: Running) -> None:
    plane = running.plane
    plane.migrate()
    logins = {name: secrets.token_urlsafe(18) for name in people.NAMES}
    (plane.state / "logins.json").write_text(json.dumps(logins))
    plane.python("-m", "deploy.demo.people", str(plane.state / "logins.json"))
    plane.start()
    for name, client in ((people.ADMIN, running.admin), (people.OWNER, running.api)):
        plane.cli(name).log_in(name, logins[name])
        token = client.post("/login", json={"username": name, "password": logins[name]}).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
    for name in CLUSTERS:
        kubeconfig = running.lab.cluster(name).control.admin
        kubectl = running.lab.binaries.kubernetes("kubectl")
        running.cli("cluster", "join", name, "--kubeconfig", str(kubeconfig), "--kubectl", str(kubectl), person="admin")
    for name in CLUSTERS:
        eventually(lambda name=name: running.admin.get(f"/clusters/{name}/").json(), _seen)


def _seen(cluster: dict[str, Any]) -> bool:
    """Probed, and fit to be delivered to."""
    wanted = {"Reachable", "CredentialsAccepted", "IdentityConfirmed"}
    true = {each["type"] for each in cluster.get("conditions", ()) if each["status"] == "True"}
    return wanted <= true


def _finish(running: Running) -> None:
    """Leave nothing of ours on the clusters, then end everything; a broken control plane is ended all the same."""
    with suppress(LabError, httpx.HTTPError):
        if running.plane.ready():
            for name in CLUSTERS:
                running.cli("cluster", "leave", name, "--remove-workloads", "--timeout", "90", person="admin")
    running.plane.stop()
    running.api.close()
    running.admin.close()
    with psycopg.connect(make_conninfo(running.database, dbname="postgres"), autocommit=True) as connection:
        name = running.database.rpartition("/")[2]
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    with redis.Redis.from_url(running.valkey) as client:
        client.flushdb()


def _database(server: str) -> str:
    """A new database of that server; its address."""
    name = f"control_plane_{secrets.token_hex(4)}"
    with psycopg.connect(make_conninfo(server, dbname="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server.rpartition('/')[0]}/{name}"


def _valkey(server: str) -> str:
    """A number of that Valkey which nobody else holds; its address."""
    for number in range(1, 16):
        address = f"{server.rpartition('/')[0]}/{number}"
        with redis.Redis.from_url(address) as client:
            if client.set(HELD, "1", nx=True, ex=HELD_SECONDS):
                return address
    raise AssertionError("every number of the lab's Valkey is held")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
