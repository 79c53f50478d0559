"""People, and what it takes to register a cluster."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from rest_framework.test import APIClient

from clusters import registry
from paas.identity import services

# Documentation addresses are refused like private ones; this one is allowed by the fixture `networks`.
SERVER = "https://198.18.0.9:6443"


@pytest.fixture
def admin(db):
    return services.bootstrap_admin(username="admin", password="a long password")


@pytest.fixture
def operator(admin):
    user = services.create_user(username="oscar", password="oscar likes dumplings", actor=admin)
    services.set_operator(user=user, operator=True, actor=admin)
    return user


@pytest.fixture
def stranger(admin):
    return services.create_user(username="stella", password="stella likes dumplings", actor=admin)


@pytest.fixture
def team(admin):
    return services.create_team(name="shop", actor=admin)


@pytest.fixture
def member(admin, team):
    user = services.create_user(username="victor", password="victor likes dumplings", actor=admin)
    services.add_member(team=team, user=user, role="viewer", actor=admin)
    return user


@pytest.fixture
def networks(settings):
    """Allow just these networks for API servers."""

    def allow(*networks):
        settings.DOUGONG = settings.DOUGONG.model_copy(update={"cluster_networks": networks})

    allow("198.18.0.0/15")
    return allow


@pytest.fixture(scope="session")
def pair():
    """A certificate and its key as PEM; `days` is its life from now, in days."""

    def make(days=30):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate.public_bytes(Encoding.PEM).decode(), private.decode()

    return make


@pytest.fixture(scope="session")
def ca(pair):
    return pair()[0]


@pytest.fixture(scope="session")
def kubeconfig(ca):
    """A kubeconfig with a token."""

    def make(server=SERVER, token="canary-token"):
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [
                    {
                        "name": "c",
                        "cluster": {
                            "server": server,
                            "certificate-authority-data": base64.b64encode(ca.encode()).decode(),
                        },
                    }
                ],
                "users": [{"name": "u", "user": {"token": token}}],
            }
        )

    return make


@pytest.fixture
def register(operator, networks, ca):
    """Register a cluster by the service."""

    def make(name="east", **given):
        given = {"server": SERVER, "ca_data": ca, "token": "canary-token", **given}
        return registry.register_cluster(name=name, actor=operator, **given)

    return make


@pytest.fixture
def api():
    """A client of the API that presents a real token of the person."""

    def client(user=None):
        made = APIClient()
        if user is not None:
            token, _ = services.create_token(user=user, name="test", actor=user)
            made.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return made

    return client
