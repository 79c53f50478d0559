"""Envelope encryption: a data key for each value, wrapped under a key-encryption key. Pure, but for random bytes.

`encryption` keeps such values in columns; `key_encryption` says where the key-encryption keys come from.

A sealed value reads `id:wrapped.sealed`: the id of its key-encryption key in plain sight, then in url-safe base64 the
data key under that key, and the text under the data key. Both are AES-256-GCM (NIST SP 800-38D), a random nonce of 12
bytes first, and bound to the place where the value stands: moved to another table, row or column it does not open.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class DecryptionError(Exception):
    """The value was written under a key this process does not hold, was tampered with, or stands in another's place."""


@dataclass(frozen=True)
class Place:
    """Where a value stands."""

    table: str
    row: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.row}"

    @property
    def bound(self) -> bytes:
        """What the value is bound to; no two places give the same."""
        return json.dumps([self.table, self.row, self.column]).encode()


def seal(text: str, place: Place, keys: Mapping[str, bytes]) -> str:
    """The text under a new data key, that under the first of `keys` (id → 32 bytes)."""
    identifier, key = next(iter(keys.items()))
    data_key = os.urandom(KEY_BYTES)
    parts = (_encrypted(key, data_key, place), _encrypted(data_key, text.encode(), place))
    return f"{identifier}:{'.'.join(base64.urlsafe_b64encode(part).decode() for part in parts)}"


def unseal(sealed: str, place: Place, keys: Mapping[str, bytes]) -> str:
    """The text.

    Raises:
        DecryptionError: its key is not among `keys`, or it is not what was sealed for this place.
    """
    identifier, _, rest = sealed.partition(":")
    key = keys.get(identifier)
    if key is None:
        raise DecryptionError(f"{place} is under key {identifier!r}, which is not among DOUGONG_ENCRYPTION_KEYS")
    try:
        wrapped, text = (base64.b64decode(part, altchars=b"-_", validate=True) for part in rest.split("."))
        return _decrypted(_decrypted(key, wrapped, place), text, place).decode()
    except (InvalidTag, ValueError, binascii.Error):
        raise DecryptionError(f"{place} does not open under key {identifier!r}") from None


def _encrypted(key: bytes, data: bytes, place: Place) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, place.bound)


def _decrypted(key: bytes, data: bytes, place: Place) -> bytes:
    return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.bound)
