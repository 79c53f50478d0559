"""Certificates and keys of an uploaded file: their form is checked, what is in them TLS reads.

Pure.
"""

from __future__ import annotations

import base64
import re

from clusters.kubeconfig.refusal import refuse

_PEM_RE = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----\s*")
_KEY_LABELS = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"})
# openssl writes the curve before an EC key.
_PARAMETERS = "EC PARAMETERS"
_DER_SEQUENCE = 0x30
_DER_LONG = 0x80
_PEM_LINE = 64


def from_base64(text: str) -> bytes:
    """The bytes of a base64 text, which may be broken into lines; ValueError."""
    return base64.b64decode("".join(text.split()), validate=True)


def certificates(text: str) -> str:
    """PEM of one or more certificates, written anew; KubeconfigRefused("bad_certificate")."""
    blocks = _pem_blocks(text, "bad_certificate", "A certificate is not in PEM form")
    if any(label != "CERTIFICATE" for label, _ in blocks):
        refuse("bad_certificate", "Among the certificates is something else")
    return "".join(_pem(label, der) for label, der in blocks)


def private_key(text: str) -> str:
    """PEM of one private key that is not encrypted, written anew; KubeconfigRefused("bad_key")."""
    blocks = _pem_blocks(text, "bad_key", "The client key is not in PEM form, or it is encrypted")
    keys = [(label, der) for label, der in blocks if label != _PARAMETERS]
    if len(keys) != 1 or keys[0][0] not in _KEY_LABELS:
        refuse("bad_key", "The client key is not one private key, or it is encrypted")
    return _pem(*keys[0])


def _pem_blocks(text: str, code: str, message: str) -> list[tuple[str, bytes]]:
    """(label, DER) of each block; nothing but blocks may be there, so that no reader finds what another overlooked."""
    blocks: list[tuple[str, bytes]] = []
    at, end = len(text) - len(text.lstrip()), len(text)
    while at < end or not blocks:
        found = _PEM_RE.match(text, at)
        if found is None:
            refuse(code, message)
        try:
            der = from_base64(found[2])
        except ValueError:
            refuse(code, message)
        if found[1] != _PARAMETERS and not _is_der_sequence(der):
            refuse(code, message)
        blocks.append((found[1], der))
        at = found.end()
    return blocks


def _is_der_sequence(der: bytes) -> bool:
    """Whether it is one ASN.1 sequence to its very end; what is in it, TLS reads."""
    if len(der) < 2 or der[0] != _DER_SEQUENCE:  # noqa: PLR2004 - a tag and a length
        return False
    if der[1] < _DER_LONG:
        return len(der) == 2 + der[1]
    octets = der[1] - _DER_LONG
    return 0 < octets <= 4 and len(der) == 2 + octets + int.from_bytes(der[2 : 2 + octets])  # noqa: PLR2004 - 32 bits


def _pem(label: str, der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[at : at + _PEM_LINE] for at in range(0, len(text), _PEM_LINE))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
