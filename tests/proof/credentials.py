"""Credentials of clusters as people send them, each a canary: tokens, a kubeconfig with a key, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.certificate import serving
from tests.proof.canary import Net

# An address that no test reaches; DNS is not asked for it.
SERVER = "https://198.18.0.9:6443"


def a_cluster(net: Net) -> dict[str, str]:
    """What is sent to register one."""
    ca, _ = serving()
    return {"name": "new", "server": SERVER, "ca_data": ca, "token": net.plant("a cluster's token"),
            "minter_token": net.plant("a minter's token")}  # fmt: skip


def kubeconfig(net: Net, **user: Any) -> str:
    """One with a client certificate, whose key is the canary: the second line of its PEM."""
    ca, _ = serving()
    certificate, key = pair()
    net.plant("a client key", key.splitlines()[2])
    ca, certificate, key = (base64.b64encode(text.encode()).decode() for text in (ca, certificate, key))
    mine = user or {"client-certificate-data": certificate, "client-key-data": key}
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": SERVER, "certificate-authority-data": ca}}],
        "users": [{"name": "u", "user": mine}],
    })  # fmt: skip


def hostile(net: Net) -> Iterator[str]:
    """Kubeconfigs that are refused, each with a secret in it."""
    word = net.plant("a secret in a kubeconfig that is refused")
    yield kubeconfig(net, exec={"command": "sh", "args": ["-c", word]})
    yield kubeconfig(net, token=word, password=word)
    yield kubeconfig(net, token=f"{word}\n")
    yield kubeconfig(net, **{"client-key-data": word, "client-certificate-data": word})
    yield f"token: {word}\n  - not: yaml: at all"
    yield f"{word}: &{word} *{word}"


def pair() -> tuple[str, str]:
    """A certificate and its key as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name.from_rfc4514_string("CN=test"), datetime.now(UTC)
    number, end = x509.random_serial_number(), now + timedelta(days=30)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), number, now, end).sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), private.decode()
