"""The settings of a control plane: keys made once and kept, and what follows from where it runs.

A file of NAME=VALUE lines that only its owner may read; every name is in docs/settings.md.
"""

import base64
import ipaddress
import secrets
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from deploy.lab import paths

SETTINGS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "HOST", "PORT")
KEPT = (
    "DOUGONG_SECRET_KEY",
    "DOUGONG_ENCRYPTION_KEYS",
    "DOUGONG_DIGEST_KEY",
    "DOUGONG_AUDIT_KEYS",
    "DOUGONG_AUDIT_OUTSIDE",
)


def new_keys(folder: Path) -> dict[str, str]:
    """Fresh secrets for every key that production requires, and where in `folder` the audit trail's heads are kept."""
    return {
        "DOUGONG_SECRET_KEY": secrets.token_urlsafe(50),
        "DOUGONG_ENCRYPTION_KEYS": f"k1:{_key()}",
        "DOUGONG_DIGEST_KEY": secrets.token_urlsafe(32),
        "DOUGONG_AUDIT_KEYS": f"k1:{_key()}",
        "DOUGONG_AUDIT_OUTSIDE": (folder / "audit-heads.jsonl").absolute().as_uri(),
    }


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def read(path: Path) -> dict[str, str]:
    """The settings in a file, {} where there is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def write(path: Path, settings: dict[str, str]) -> None:
    """The settings to a file, whole or not at all."""
    paths.write(path, "".join(f"{name}={settings[name]}\n" for name in sorted(settings)), 0o600)


def keys(path: Path) -> dict[str, str]:
    """What is kept of a file; what it lacks is made and written first, and nothing that is there is replaced."""
    known = {name: value for name, value in read(path).items() if value}
    if not all(name in known for name in KEPT):
        known = {**new_keys(path.parent), **known}
        write(path, known)
    return {name: known[name] for name in KEPT}


def local(*, database: str, valkey: str, port: int, servers: Iterable[str]) -> dict[str, str]:
    """What a control plane on loopback without TLS is set to.

    Args:
        servers: the API servers of the clusters that it will be joined to, as URLs.
    """
    return {
        "DOUGONG_MODE": "production",
        "DOUGONG_HTTPS": "false",
        "DOUGONG_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "DOUGONG_PUBLIC_URL": f"http://localhost:{port}",
        "DOUGONG_CLUSTER_NETWORKS": ",".join(networks(servers)),
        "DATABASE_URL": database,
        "REDIS_URL": valkey,
        "PORT": str(port),
    }


def without_settings(around: Mapping[str, str]) -> dict[str, str]:
    """Variables without those that would set a control plane: each is told its settings, and inherits none."""
    return {name: value for name, value in around.items() if not name.startswith("DOUGONG_") and name not in SETTINGS}


def networks(servers: Iterable[str]) -> list[str]:
    """The addresses among these servers that must be allowed by name, since they are not public: one network each."""
    found: set[str] = set()
    for server in servers:
        place = urlsplit(server)
        for answer in socket.getaddrinfo(place.hostname, place.port or 443, type=socket.SOCK_STREAM):
            address = ipaddress.ip_address(str(answer[4][0]).partition("%")[0])
            if not address.is_global:
                found.add(f"{address}/{address.max_prefixlen}")
    return sorted(found)
