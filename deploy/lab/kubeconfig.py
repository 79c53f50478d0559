"""Kubeconfigs with everything embedded, as JSON (which is YAML). Pure but for reading the certificates given."""

import base64
import json
from pathlib import Path


def render(name: str, server: str, user: str, *, authority: bytes, certificate: bytes, key: bytes) -> str:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": _text(authority)}}],
        "users": [
            {"name": user, "user": {"client-certificate-data": _text(certificate), "client-key-data": _text(key)}}
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
        "current-context": name,
    }
    return json.dumps(content, indent=1) + "\n"


def of(name: str, server: str, pki: Path, client: str) -> str:
    """The kubeconfig of one of a cluster's clients (certificates.clients)."""
    authority, certificate, key = ((pki / file).read_bytes() for file in ("ca.crt", f"{client}.crt", f"{client}.key"))
    return render(name, server, client, authority=authority, certificate=certificate, key=key)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
