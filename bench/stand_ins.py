"""Brings up stand-ins for clusters (`stub`), registers them, and takes them away again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db.models.functions import Now

from bench import stub
from bench.testbed import Testbed
from clusters.models import Cluster, ClusterCredential, Lease, OwnedObject, Work
from clusters.probe import probe_clusters
from deploy.control_plane.group import ROOT
from deploy.lab.commands import run, until

FIRST_PORT = 28700
DELAY_SECONDS = 0.005
SEEN_SECONDS = 120.0
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
    names = [_name(number) for number in range(count)]
    with _serving(certificate, ports[:apart]) as first, _serving(certificate, ports[apart:]):
        _forget(names)
        for name, port in zip(names, ports, strict=True):
            _register(certificate, name, port)
        until(lambda: _seen(names), "the first sight of every stand-in", SEEN_SECONDS)
        try:
            yield list(Cluster.objects.filter(name__in=names).order_by("name")), first
        finally:
            first.go()
            _forget(names)


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


@contextmanager
def _serving(certificate: Path, ports: list[int]) -> Iterator[Program]:
    words = [sys.executable, "-m", "bench.stub", str(certificate), str(DELAY_SECONDS), *map(str, ports)]
    process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    program = Program(process)
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), "the stand-ins do not start"
        yield program
    finally:
        program.go()
        process.kill()
        process.wait()


def _register(certificate: Path, name: str, port: int) -> None:
    authority = certificate.read_text().partition("-----BEGIN PRIVATE KEY-----")[0]
    cluster = Cluster.objects.create(name=name, server=f"https://{stub.HOST}:{port}", ca_data=authority)
    ClusterCredential.objects.create(cluster=cluster, token="stand-in")


def _seen(names: list[str]) -> bool:
    """Whether all are probed; those that are not are probed again."""
    unseen = [each.pk for each in Cluster.objects.filter(name__in=names) if not each.facts]
    probe_clusters(unseen)
    return not unseen


def _forget(names: list[str]) -> None:
    """Their rows go, as if they had never been, once no worker is at them any more."""
    clusters = Cluster.objects.filter(name__in=names)
    clusters.update(suspended=True)
    driven = Lease.objects.filter(cluster__in=clusters, until__gt=Now())
    until(lambda: not driven.exists(), "the end of every drain", SEEN_SECONDS)
    OwnedObject.objects.filter(cluster__in=clusters).delete()
    Work.objects.filter(cluster__in=clusters).delete()
    clusters.delete()


def _name(number: int) -> str:
    return f"stand-in-{number:02}"
