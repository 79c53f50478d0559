"""Brings up stand-ins for clusters (`stub`), registers them, and takes them away again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import deliveries, stub
from bench.testbed import Testbed
from clusters.models import Cluster, ClusterCredential, OwnedObject, Work
from clusters.probe import probe_clusters
from deploy.control_plane.group import ROOT
from deploy.lab.commands import run

FIRST_PORT = 28700
DELAY_SECONDS = 0.005
CERTIFICATE = "stand-ins.pem"


@dataclass(frozen=True)
class Program:
    """A running program that serves some of them."""

    process: subprocess.Popen[str]

    def stop(self) -> None:
        """Hang: connections stand, nothing answers."""
        self.process.send_signal(signal.SIGSTOP)

    def go(self) -> None:
        """Go on."""
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def running(bed: Testbed, count: int, apart: int) -> Iterator[tuple[list[Cluster], Program]]:
    """So many registered and probed clusters; the first `apart` are served by a program of their own, returned too."""
    certificate = _certificate(bed.plane.state)
    ports = list(range(FIRST_PORT, FIRST_PORT + count))
    programs = [_serve(certificate, each) for each in (ports[:apart], ports[apart:])]
    try:
        clusters = [_register(certificate, number, port) for number, port in enumerate(ports)]
        probe_clusters([each.pk for each in clusters])
        yield list(Cluster.objects.filter(pk__in=[each.pk for each in clusters]).order_by("name")), programs[0]
    finally:
        _forget(count)
        for program in programs:
            program.go()
            program.process.terminate()
            program.process.wait()


def _certificate(folder: Path) -> Path:
    file = folder / CERTIFICATE
    if not file.exists():
        key = folder / "stand-ins.key"
        run(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=stand-in",
                "-addext", f"subjectAltName=IP:{stub.HOST}", "-keyout", key, "-out", file,
            ]
        )  # fmt: skip
        file.write_text(file.read_text() + key.read_text())
    return file


def _serve(certificate: Path, ports: list[int]) -> Program:
    words = [sys.executable, "-m", "bench.stub", str(certificate), str(DELAY_SECONDS), *map(str, ports)]
    process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline(), "the stand-ins do not start"
    return Program(process)


def _register(certificate: Path, number: int, port: int) -> Cluster:
    authority = certificate.read_text().partition("-----BEGIN PRIVATE KEY-----")[0]
    cluster, made = Cluster.objects.update_or_create(
        name=_name(number), defaults={"server": f"https://{stub.HOST}:{port}", "ca_data": authority, "suspended": False}
    )
    if made:
        ClusterCredential.objects.create(cluster=cluster, token="stand-in")
    return cluster


def _forget(count: int) -> None:
    """Their rows go, as if they had never been."""
    clusters = Cluster.objects.filter(name__in=[_name(number) for number in range(count)])
    OwnedObject.objects.filter(cluster__in=clusters).delete()
    Work.objects.filter(cluster__in=clusters, owner_kind=deliveries.OWNER_KIND).delete()
    clusters.delete()


def _name(number: int) -> str:
    return f"stand-in-{number:02}"
