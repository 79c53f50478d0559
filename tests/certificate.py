"""A certificate for an address of this machine that is its own authority: what a test's TLS server shows. And those of
clients, by an authority that is there.
"""

from __future__ import annotations

import ipaddress
import secrets
import ssl
import tempfile
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID


def issued(address: str = "127.0.0.1") -> tuple[bytes, bytes]:
    """Its PEM, to be trusted, and that of its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name.from_rfc4514_string(f"CN=test-{secrets.token_hex(4)}"),
    )
    hour, now = timedelta(hours=1), datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - hour, now + hour)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


def signed(authority: bytes, authority_key: bytes, name: x509.Name, ends: datetime) -> tuple[str, str]:
    """A client's certificate by an authority, both as PEM, good for an hour until `ends`; and its key."""
    by, key = x509.load_pem_x509_certificate(authority), ec.generate_private_key(ec.SECP256R1())
    begins, number = ends - timedelta(hours=1), x509.random_serial_number()
    use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    certificate = (
        x509.CertificateBuilder(by.subject, name, key.public_key(), number, begins, ends)
        .add_extension(use, critical=False)
        .sign(load_pem_private_key(authority_key, None), SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), private.decode()


def serving(address: str = "127.0.0.1") -> tuple[str, ssl.SSLContext]:
    """Its PEM, to be trusted, and the context to serve with."""
    public, private = issued(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:  # ssl takes a certificate by file only
        file.write(public + private)
        file.flush()
        context.load_cert_chain(file.name)
    return public.decode(), context
