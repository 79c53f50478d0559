"""Where key-encryption keys come from. Read once by each process; the keys live in its memory alone.

An entry of DOUGONG_ENCRYPTION_KEYS (or of the file) is `id:key`, the key in url-safe base64, or `id:aws-kms:wrapped`:
the key wrapped by a key of AWS KMS, which opens it for a process that may ask. No value is ever sent to a KMS, and no
transaction waits for one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from pydantic import SecretStr

from paas.core.envelope import KEY_BYTES

CONTEXT = {"purpose": "dougong-encryption-key"}


class KeyManagement(Protocol):
    """A service that wraps keys under one of its own."""

    def wrap(self, key: bytes, under: str) -> bytes:
        """`key` under the service's key named `under`."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key again; raises what the service's client raises."""


class AwsKms:
    """AWS KMS by boto3 (the extra `aws`), with the region and the credentials of its environment."""

    def wrap(self, key: bytes, under: str) -> bytes:
        """`under` is an id, an alias or an ARN."""
        wrapped: bytes = self._client().encrypt(KeyId=under, Plaintext=key, EncryptionContext=CONTEXT)["CiphertextBlob"]
        return wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key; KMS finds its own key by the wrapped one."""
        key: bytes = self._client().decrypt(CiphertextBlob=wrapped, EncryptionContext=CONTEXT)["Plaintext"]
        return key

    def _client(self) -> Any:
        return import_module("boto3").client("kms")


SERVICES: Mapping[str, KeyManagement] = {"aws-kms": AwsKms()}


def parse(entry: str) -> tuple[str, str, bytes]:
    """`(id, service, bytes)`: the service empty where the bytes are the key itself.

    Raises:
        ValueError: says what is wrong, without what may be the key.
    """
    identifier, _, rest = entry.partition(":")
    service, _, encoded = rest.rpartition(":")
    if not identifier.isalnum() or not encoded:
        raise ValueError("must read `id:key` or `id:aws-kms:key`, the id of letters and digits only")
    if service and service not in SERVICES:
        raise ValueError(f"({identifier}) names an unknown service; known: {', '.join(SERVICES)}")
    try:
        key = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError(f"({identifier}) is not url-safe base64") from None
    if not service and len(key) != KEY_BYTES:
        raise ValueError(f"({identifier}) is no key of {KEY_BYTES} bytes")
    return identifier, service, key


@cache
def opened(entries: tuple[SecretStr, ...]) -> Mapping[str, bytes]:
    """Key id → key, in the order of the entries."""
    keys = {}
    for entry in entries:
        identifier, service, key = parse(entry.get_secret_value())
        keys[identifier] = SERVICES[service].unwrap(key) if service else key
    return keys
