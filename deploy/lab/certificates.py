"""Certificates of clusters and of servers beside them, made by the openssl program once and kept with the state."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .addresses import Cluster
from .commands import run

DAYS = "3650"
SERVER_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")


@dataclass(frozen=True)
class Client:
    """Who a client certificate speaks for."""

    file: str
    user: str
    group: str = ""

    @property
    def subject(self) -> str:
        return (f"/O={self.group}" if self.group else "") + f"/CN={self.user}"


def clients(cluster: Cluster) -> tuple[Client, ...]:
    nodes = tuple(Client(f"kubelet-{node.name}", f"system:node:{node.name}", "system:nodes") for node in cluster.nodes)
    return (
        *nodes,
        Client("admin", "admin", "system:masters"),
        Client("apiserver-kubelet", "kube-apiserver-kubelet-client", "system:masters"),
        Client("controller-manager", "system:kube-controller-manager"),
        Client("scheduler", "system:kube-scheduler"),
        Client("proxy", "system:kube-proxy"),
        Client("coredns", "system:coredns"),
        Client("metrics-server", "system:metrics-server"),
    )


def make(cluster: Cluster, folder: Path) -> None:
    """Fill the folder, whole or not at all."""
    if folder.exists():
        return
    addresses = [str(cluster.control), str(cluster.kubernetes_service), "127.0.0.1"]
    names = [f"DNS:{name}" for name in SERVER_NAMES] + [f"IP:{address}" for address in addresses]
    with _whole(folder) as half:
        _authority(half, "ca", f"dougong-{cluster.name}")
        _authority(half, "front-proxy-ca", f"dougong-{cluster.name}-front-proxy")
        _signed(half / "ca", "apiserver", "/CN=kube-apiserver", "serverAuth", names)
        _signed(half / "front-proxy-ca", "front-proxy-client", "/CN=front-proxy-client", "clientAuth")
        for client in clients(cluster):
            _signed(half / "ca", client.file, client.subject, "clientAuth")
        run(["openssl", "genrsa", "-out", half / "service-accounts.key", "2048"])
        run(["openssl", "rsa", "-in", half / "service-accounts.key", "-pubout", "-out", half / "service-accounts.pub"])


def of_server(folder: Path, name: str, address: str) -> None:
    """Fill the folder, whole or not at all, with an authority `ca` and what a `server` at that address shows."""
    if folder.exists():
        return
    with _whole(folder) as half:
        _authority(half, "ca", f"dougong-{name}")
        _signed(half / "ca", "server", f"/CN={name}", "serverAuth", [f"IP:{address}"])


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder that takes the place of `folder` once all is in it."""
    half = folder.with_name(f"{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    yield half
    half.rename(folder)


def _new(folder: Path, name: str, subject: str) -> list[str | Path]:
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(folder / f"{name}.key")]
    return ["openssl", "req", "-x509", "-days", DAYS, "-subj", subject, "-out", folder / f"{name}.crt", *key]


def _authority(folder: Path, name: str, common_name: str) -> None:
    usage = ["-addext", "keyUsage=critical,keyCertSign,digitalSignature", "-addext", "subjectKeyIdentifier=hash"]
    run([*_new(folder, name, f"/CN={common_name}"), *usage])


def _signed(by: Path, name: str, subject: str, usage: str, names: Sequence[str] = ()) -> None:
    """A certificate beside that of the authority `by`, signed by it."""
    folder = by.parent
    signer = ["-CA", str(by.with_suffix(".crt")), "-CAkey", str(by.with_suffix(".key"))]
    extensions = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", f"extendedKeyUsage={usage}"]
    if names:
        extensions += ["-addext", f"subjectAltName={','.join(names)}"]
    run([*_new(folder, name, subject), *signer, *extensions])
