"""Fields encrypted at rest, under keys that are no part of the database and can be rotated.

A stored value reads `id:token`: the id of its key in plain sight, the token a Fernet token. `manage.py rotate_keys`
writes every value again under the first key. `keyed_digest` is what stands for a secret value where only sameness
matters.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

BATCH = 200


class DecryptionError(Exception):
    """The value was written under a key this process does not hold, or was tampered with."""


def encrypt(text: str) -> str:
    """`id:token` under the first key."""
    identifier, fernet = next(iter(_keys().items()))
    return f"{identifier}:{fernet.encrypt(text.encode()).decode()}"


def decrypt(stored: str) -> str:
    """The text of an `id:token`.

    Raises:
        DecryptionError: unknown key id, or a token that is not that key's.
    """
    identifier, _, token = stored.partition(":")
    fernet = _keys().get(identifier)
    if fernet is None:
        raise DecryptionError(
            f"the value was encrypted under key {identifier!r}, which is not among DOUGONG_ENCRYPTION_KEYS"
        )
    try:
        return fernet.decrypt(token.encode()).decode()
    except InvalidToken:
        raise DecryptionError(f"the value does not decrypt under key {identifier!r}") from None


def keyed_digest(data: bytes) -> str:
    """HMAC-SHA256 of `data` in hex, under a key kept outside the database: tells sameness, can't be guessed at
    offline.
    """
    return hmac.new(settings.DOUGONG.digest_key.get_secret_value().encode(), data, hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField[str, str]):
    """A text that is plain in Python and `id:token` in the database. It can't be searched, only tested for NULL."""

    description = "Text encrypted at rest"

    def get_prep_value(self, value: Any) -> str | None:
        """Encrypt on the way in."""
        return None if value is None else encrypt(str(value))

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        """Decrypt on the way out."""
        return None if value is None else decrypt(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse every lookup but `isnull`: two encryptions of one text differ."""
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted and can't be searched by {lookup_name!r}")
        return super().get_lookup(lookup_name)


def rotate(model: type[models.Model], field: EncryptedTextField) -> int:
    """Write every value of one column again under the first key; the number of values written.

    Safe beside writers: a row is only replaced while it still holds what was read.
    """
    connection = connections[router.db_for_write(model)]
    names = (model._meta.db_table, str(field.column), str(model._meta.pk.column))
    table, column, key = (connection.ops.quote_name(name) for name in names)
    first = next(iter(_keys()))
    written = 0
    pending = f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL AND {column} NOT LIKE %s"  # noqa: S608 - quoted names only
    replace = f"UPDATE {table} SET {column} = %s WHERE {key} = %s"  # noqa: S608 - quoted names only
    while True:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"{pending} LIMIT {BATCH} FOR UPDATE", [f"{first}:%"])
            rows = cursor.fetchall()
            for row_key, stored in rows:
                cursor.execute(replace, [encrypt(decrypt(stored)), row_key])
        written += len(rows)
        if len(rows) < BATCH:
            return written


def _keys() -> dict[str, Fernet]:
    """Key id → key, the one that encrypts first."""
    pairs = (entry.get_secret_value().partition(":") for entry in settings.DOUGONG.encryption_keys)
    keys = {identifier: Fernet(key) for identifier, _, key in pairs}
    if not keys:
        raise ImproperlyConfigured("DOUGONG_ENCRYPTION_KEYS is not set")
    return keys
