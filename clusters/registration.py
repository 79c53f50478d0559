"""What was sent to register a cluster, made into one strict value: nothing of it is trusted until it has passed here.

Before the transaction of `registry`: the only step on the network is one DNS question, whose answers are held against
the operator's networks. No connection is made; the first probe makes it, through the same check.
"""

from __future__ import annotations

import base64
import binascii
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from clusters import addresses
from clusters.credentials import expiry
from clusters.kubeconfig import Credentials, KubeconfigRefused, parse
from paas.core.errors import Invalid

MOST_LABELS = 64

_LABEL_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_LABEL_NAME}")
_LABEL_VALUE = re.compile(rf"({_LABEL_NAME})?")


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a cluster is and as whom to speak to it. Secrets stay out of repr."""

    server: str
    ca_data: str
    token: str = field(default="", repr=False)
    client_certificate: str = ""
    client_key: str = field(default="", repr=False)
    expires_at: datetime | None = None


def from_kubeconfig(text: str, context: str | None = None) -> Registration:
    """Of the current or the named context. Raises Invalid with the parser's code: the file itself is never kept."""
    try:
        return _sound(parse(text, context=context), None)
    except KubeconfigRefused as refused:
        raise Invalid(
            refused.code,
            f"The kubeconfig is refused. {refused.message}.",
            rule="A kubeconfig may hold a server, a CA and a token or a client certificate, all as data.",
        ) from None


def from_token(server: str, ca_data: str, token: str, expires_at: datetime | None = None) -> Registration:
    """Of server, CA (PEM, or base64 around it) and token. Raises Invalid."""
    try:
        return _sound(Credentials.direct(server, _unwrapped(ca_data), token), expires_at)
    except KubeconfigRefused as refused:
        raise Invalid(refused.code, f"{refused.message}.") from None


def bearer(token: str, given: Registration) -> str:
    """Another token for the same server, by the same rules. Raises Invalid."""
    return from_token(given.server, given.ca_data, token).token


def _unwrapped(text: str) -> str:
    """Without the base64 that a kubeconfig has around PEM."""
    if "-----BEGIN" in text:
        return text
    try:
        return base64.b64decode("".join(text.split()).encode(), validate=True).decode("ascii")
    except (binascii.Error, UnicodeError):
        return text


def _sound(found: Credentials, expires_at: datetime | None) -> Registration:
    """What the parser took for its form, checked for its content: TLS must be able to use it. Raises Invalid."""
    if urlsplit(found.server).path:
        raise Invalid(
            "server_path", "The server's URL has a path.", rule="Clusters are spoken to directly, by no proxy."
        )
    certificate, key = found.client_certificate or "", found.client_key or ""
    _check_authority(found.ca_data)
    if certificate:
        _check_pair(certificate, key)
    ends = expiry(token=found.token or "", client_certificate=certificate) or expires_at
    if ends is not None and ends <= datetime.now(UTC):
        message = f"The credential ended {ends:%Y-%m-%d %H:%M} UTC."
        raise Invalid("credential_expired", message, remedy="Send a fresh one.")
    return Registration(found.server, found.ca_data, found.token or "", certificate, key, ends)


def _check_authority(ca_data: str) -> None:
    try:
        ssl.create_default_context(cadata=ca_data)
    except (ssl.SSLError, ValueError):
        raise Invalid("bad_certificate", "The certificate authority is no list of certificates.") from None


def _check_pair(certificate: str, key: str) -> None:
    try:
        belongs = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        mine = load_pem_private_key(key.encode(), password=None).public_key()
    except (ValueError, TypeError):
        raise Invalid("bad_certificate", "The client certificate or its key cannot be read.") from None
    if belongs != mine:
        raise Invalid("bad_key", "The client key is not the key of the client certificate.")


def check_reach(server: str) -> None:
    """Resolve the host and refuse it unless every address is one that the operator allows.

    Raises:
        Invalid: `address_unknown`, `address_not_allowed`.
    """
    parts = urlsplit(server)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError:
        raise Invalid("address_unknown", f"The name '{parts.hostname}' has no address here.") from None
    try:
        addresses.check([str(entry[4][0]) for entry in found], list(settings.DOUGONG.cluster_networks))
    except addresses.AddressRefused as refusal:
        raise Invalid(
            "address_not_allowed",
            f"{refusal.message}.",
            rule="API servers are reached at public addresses and in the networks that the operator lists.",
            remedy="Ask whoever runs the control plane to add the network to DOUGONG_CLUSTER_NETWORKS.",
            details={"address_rule": refusal.code},
        ) from None


def labels(given: Mapping[str, str]) -> dict[str, str]:
    """Labels in the syntax of Kubernetes. Raises Invalid `labels_invalid`."""
    if len(given) > MOST_LABELS:
        raise Invalid("labels_invalid", f"A cluster has at most {MOST_LABELS} labels.")
    for key, value in given.items():
        if not _LABEL_KEY.fullmatch(str(key)) or not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
            rule = "Keys and values are labels of Kubernetes: letters, digits, '-', '_' and '.', at most 63 characters."
            raise Invalid("labels_invalid", f"{str(key)[:80]}={str(value)[:80]} is no label.", rule=rule)
    return dict(sorted(given.items()))
