"""The TLS of a connection to an API server: its authority, the client's certificate, and when the peer's own one ends.

Called by `client`; reaches no network itself.
"""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime


def context(ca_data: str, client_certificate: str = "", client_key: str = "") -> ssl.SSLContext:
    """Verifies the peer against `ca_data`; PEM texts, the client's own empty where there are none."""
    made = ssl.create_default_context(cadata=ca_data)
    # Cluster CAs made by kubeadm and others lack the key identifiers that Python 3.13's strict mode asks for.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if client_certificate:
        # ssl takes a certificate by file only; an anonymous memory file keeps the key off the disk.
        handle = os.memfd_create("client-certificate")
        try:
            os.write(handle, f"{client_certificate}\n{client_key}".encode())
            made.load_cert_chain(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
    made.sslobject_class = _NotingObject
    return made


def peer_expires_at(of: ssl.SSLContext | None) -> datetime | None:
    """When the certificate of the last peer of a context ends; None before the first."""
    return getattr(of, "peer_expires_at", None)


class _NotingObject(ssl.SSLObject):
    """Notes when the peer's verified certificate ends, on its context: aiohttp shows nobody a pooled connection."""

    def do_handshake(self) -> None:
        super().do_handshake()
        peer = self.getpeercert() or {}
        if ends := peer.get("notAfter"):
            self.context.peer_expires_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC)  # type: ignore[attr-defined]  # our own attribute
