"""What is measured: the lab `bench` and a control plane of its own, as it ships, joined to both clusters.

All state lies in the lab's own folder and goes with `python -m deploy.lab --lab bench down`. The processes start anew
each time, so that they run the code as it is; database and clusters are kept for the next run unless it is `fresh`.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import redis
from psycopg.conninfo import make_conninfo

from bench.cpu import Meter
from clusters.client import ClusterClient, Endpoint
from clusters.kubeconfig import parse
from deploy.control_plane import environment
from deploy.control_plane.group import ROOT
from deploy.control_plane.plane import ControlPlane
from deploy.demo import people
from deploy.lab import paths
from deploy.lab.commands import run, until
from deploy.lab.lab import Lab, opened
from deploy.lab.locks import locked

LAB = "bench"
CLUSTERS = ("east", "west")
DATABASE = "bench"
PORT = 28600
NETWORKS = ("198.18.0.0/15", "127.0.0.0/8")
WORKERS = ("worker-edit", "worker-rest")
OURS = "dougong.dev/environment"
T = TypeVar("T")


@dataclass
class Testbed:
    """A running control plane on a running lab.

    admin  the administrator of each cluster, on the loop that `run` keeps
    """

    lab: Lab
    plane: ControlPlane
    admin: dict[str, ClusterClient] = field(default_factory=dict)
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on one event loop, the same each time, so that connections outlive a step."""
        return self._runner.run(work)

    @property
    def database(self) -> str:
        return self.plane.env["DATABASE_URL"]

    @contextmanager
    def sql(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection of the bench's own, each statement a transaction."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            yield connection

    def kubectl(self) -> Path:
        return self.lab.binaries.kubernetes("kubectl")

    def pid(self, name: str) -> int:
        """The process of the Procfile that runs now."""
        identity = self.plane.group.process(name)
        assert identity is not None, f"{name} does not run: {self.plane.group.log(name)}"
        return identity.pid

    def part(self, name: str) -> int:
        """A process of the lab: `east/apiserver`, `parts/postgres`."""
        identity = self.lab.processes.running(name)
        assert identity is not None, f"{name} of the lab does not run"
        return identity.pid

    def meter(self, cluster: str = "east") -> Meter:
        """CPU of everything that takes part in a delivery to a cluster."""

        def roots() -> dict[str, list[int]]:
            parts = {
                "apiserver": f"{cluster}/apiserver",
                "etcd": f"{cluster}/etcd",
                "controllers": f"{cluster}/controller-manager",
                "postgres": "parts/postgres",
            }
            return {
                "bench": [os.getpid()],
                "workers": [self.pid(name) for name in WORKERS],
                "watcher": [self.pid("watcher")],
                **{group: [self.part(name)] for group, name in parts.items()},
            }

        return Meter(roots)

    def restart(self, *names: str) -> None:
        """End processes of the Procfile in order, a worker's drain included; returns when their successors run."""
        for name in names:
            before = self.pid(name)
            os.kill(before, signal.SIGTERM)
            until(lambda name=name, before=before: self._succeeded(name, before), f"another {name}", 90)  # type: ignore[misc]

    def _succeeded(self, name: str, before: int) -> bool:
        now = self.plane.group.process(name)
        return now is not None and now.pid != before

    def stop(self) -> None:
        """End the control plane; the lab stays up."""
        for client in self.admin.values():
            self.run(client.close())
        self._runner.close()
        self.plane.stop()


@contextmanager
def testbed(*, fresh: bool, say: Callable[[str], None]) -> Iterator[Testbed]:
    """Bring up what is missing; afterwards no process of the control plane is left."""
    say("lab")
    subprocess.run([sys.executable, "-m", "deploy.lab", "--lab", LAB, "up"], cwd=ROOT, check=True, capture_output=True)
    with opened(LAB, changing=False) as lab, locked(_state(lab) / "lock", "waiting for another bench"):
        bed = Testbed(lab, _plane(lab))
        bed.plane.stop()
        if fresh:
            say("emptying clusters and database")
            _forget(bed)
        say("control plane")
        bed.admin = {name: _administrator(lab, name) for name in CLUSTERS}
        try:
            _start(bed)
            yield bed
        finally:
            bed.stop()


def _state(lab: Lab) -> Path:
    return lab.paths.state / "bench"


def _plane(lab: Lab) -> ControlPlane:
    state = _state(lab)
    there = lab.env()
    servers = [cluster.server for cluster in lab.plan.clusters]
    settings = environment.local(
        database=f"{there['DATABASE_URL'].rpartition('/')[0]}/{DATABASE}",
        valkey=f"{there['REDIS_URL'].rpartition('/')[0]}/1",
        port=PORT,
        servers=servers,
    )
    # The stand-ins for clusters listen here; a bench logs in as often as it likes.
    own = {"DOUGONG_CLUSTER_NETWORKS": ",".join(NETWORKS), "DOUGONG_LOGIN_RATE": "1000/min"}
    return ControlPlane(state, {**settings, **own, **environment.keys(state / "environment")})


def _administrator(lab: Lab, cluster: str) -> ClusterClient:
    admin = parse(lab.cluster(cluster).control.admin.read_text())
    return ClusterClient(
        Endpoint(
            admin.server, admin.ca_data, admin.token or "", admin.client_certificate or "", admin.client_key or "",
            allowed=NETWORKS,
        )
    )  # fmt: skip


def _forget(bed: Testbed) -> None:
    with psycopg.connect(make_conninfo(bed.database, dbname="postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
    with redis.Redis.from_url(bed.plane.env["REDIS_URL"]) as client:
        client.flushdb()
    for name in CLUSTERS:
        kubeconfig = bed.lab.cluster(name).control.admin
        run([bed.kubectl(), "--kubeconfig", kubeconfig, "delete", "namespaces", "-l", OURS, "--timeout", "300s"])


def _start(bed: Testbed) -> None:
    plane = bed.plane
    with psycopg.connect(make_conninfo(bed.database, dbname="postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
    plane.migrate()
    logins = plane.state / "logins.json"
    known = json.loads(logins.read_text()) if logins.exists() else {}
    paths.write_json(logins, {**{name: secrets.token_urlsafe(18) for name in people.NAMES}, **known}, 0o600)
    plane.python("-m", "deploy.demo.people", str(logins))
    plane.start()
    passwords = json.loads(logins.read_text())
    for person in (people.ADMIN, people.OWNER):
        plane.cli(person).log_in(person, passwords[person])
    admin = plane.cli(people.ADMIN)
    for name in CLUSTERS:
        if not admin.get(f"/clusters/{name}/"):
            kubeconfig = bed.lab.cluster(name).control.admin
            admin("cluster", "join", name, "--kubeconfig", str(kubeconfig), "--kubectl", str(bed.kubectl()))
        until(lambda name=name: _seen(admin.get(f"/clusters/{name}/")), f"the first sight of {name}", 60)  # type: ignore[misc]


def _seen(cluster: dict[str, Any]) -> bool:
    """Probed, and fit to be delivered to."""
    wanted = {"Reachable", "CredentialsAccepted", "IdentityConfirmed"}
    return wanted <= {each["type"] for each in cluster.get("conditions", ()) if each["status"] == "True"}
