"""What every fault must leave true: I1 desired = live, I2 nothing foreign touched, I3 one order, I4 one record each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.control_plane import CLUSTERS, Application, Running, eventually

OURS = "-l=dougong.dev/work"
KINDS = "deployments,services,configmaps,poddisruptionbudgets,httproutes.gateway.networking.k8s.io"


def children(pid: int) -> list[int]:
    """The processes that a process has started itself, and that live."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass
class Trial:
    """An application under trial."""

    running: Running
    application: Application
    accepted: int = 0

    def declare(self, **changes: Any) -> None:
        """A change that is accepted and not waited for."""
        self.application.deploy(watch=False, **changes)
        self.accepted += 1

    def greets(self, greeting: str, *clusters: str, seconds: float = 120) -> None:
        """What is declared answers through the gateways, and no other pod answers any more."""
        for cluster in clusters or CLUSTERS:
            eventually(
                lambda cluster=cluster: self.application.answer(cluster).get("greeting"),
                lambda said: said == greeting,
                seconds=seconds,
            )

    def settled(self, *clusters: str, seconds: float = 120) -> None:
        """I1: each Work is observed at its generation and Healthy."""
        wanted = clusters or CLUSTERS
        eventually(lambda: self.unsettled(wanted), lambda left: not left, seconds=seconds)

    def unsettled(self, clusters: tuple[str, ...]) -> list[str]:
        """What is not yet as declared, in words."""
        environment = self.application.status()["environments"][0]
        return [
            f"{each['name']}/{work['name']}: {work['health']} {work['observed_generation']}/{work['generation']}"
            for each in environment["clusters"]
            if each["name"] in clusters
            for work in each["works"]
            if work["health"] != "Healthy" or work["observed_generation"] != work["generation"]
        ]

    def all_run(self) -> None:
        """Each process of the control plane, whatever ended it before."""
        eventually(lambda: all(map(self.running.alive, self.running.plane.group.names)))

    def recorded_once(self) -> None:
        """I4: as many releases as accepted changes, and an audit event for each."""
        events = self.query(
            "SELECT count(*) FROM core_auditevent WHERE action = 'environment.deployed' AND after->>'application' = %s"
        )
        assert (self.releases(), events) == (self.accepted, self.accepted)

    def releases(self) -> int:
        """How many there are."""
        return self.query(
            "SELECT count(*) FROM applications_release r JOIN applications_environment e ON e.id = r.environment_id"
            " JOIN applications_application a ON a.id = e.application_id WHERE a.name = %s"
        )

    def nothing_leaked(self) -> None:
        """I1 the other way: every object of ours in the namespace has a row in force, with its claim."""
        namespace = self.application.namespace()
        for cluster in CLUSTERS:
            live = {
                each["metadata"]["annotations"]["dougong.dev/claim"]
                for each in self.running.objects(cluster, KINDS, "-n", namespace, OURS)
            }
            rows = self.rows(
                "SELECT o.claim FROM clusters_ownedobject o JOIN clusters_cluster c ON c.id = o.cluster_id"
                " WHERE c.name = %s AND o.namespace = %s AND o.gone_at IS NULL AND o.uid <> ''",
                cluster,
                namespace,
            )
            assert live <= {claim for (claim,) in rows}

    def query(self, statement: str) -> int:
        """A number about this application."""
        return int(self.rows(statement, self.application.name)[0][0])

    def rows(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        """Straight from the database of the control plane."""
        with psycopg.connect(self.running.database) as connection:
            return connection.execute(statement, values).fetchall()
