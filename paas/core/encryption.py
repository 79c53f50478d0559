"""Fields encrypted at rest: each value under a data key of its own (`envelope`), bound to its row.

Keys are no part of the database and are rotated by `manage.py rotate_keys` (`rotation`). `keyed_digest` is what stands
for a secret value where only sameness matters.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute

from paas.core.envelope import Place, seal, unseal
from paas.core.key_encryption import opened


def keyed_digest(data: bytes) -> str:
    """HMAC-SHA256 of `data` in hex, under a key kept outside the database: tells sameness, can't be guessed at
    offline.
    """
    return hmac.new(settings.DOUGONG.digest_key.get_secret_value().encode(), data, hashlib.sha256).hexdigest()


def keys() -> Mapping[str, bytes]:
    """Key id → key-encryption key, the one that seals first."""
    found = opened(settings.DOUGONG.encryption_keys)
    if not found:
        raise ImproperlyConfigured("DOUGONG_ENCRYPTION_KEYS is not set")
    return found


class Sealed(str):
    """A value as it stands in the database, not opened yet."""

    __slots__ = ()


class _Opening(DeferredAttribute):
    """Opens a value when it is asked for: a list of rows decrypts nothing."""

    field: EncryptedTextField

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is not None and isinstance(value, Sealed):
            value = unseal(value, self.field.place(instance), keys())
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField[str, str]):
    """A text that is plain in Python and sealed in the database. It can't be searched, only tested for NULL.

    Since a value is bound to its row, the model's primary key must be known before the row is written, and a value is
    written with its row: `QuerySet.update` refuses it.
    """

    description = "Text encrypted at rest"
    descriptor_class = _Opening

    def place(self, instance: models.Model) -> Place:
        """What the instance's value is bound to."""
        pk = instance._meta.pk.get_prep_value(instance.pk)
        return Place(instance._meta.db_table, str(pk), str(self.column))

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """The model's primary key must have a default."""
        found = super().check(**kwargs)
        if not self.model._meta.pk.has_default():
            found.append(checks.Error("An encrypted value is bound to a primary key with a default.", obj=self))
        return found

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Seal; what was never opened is written as it was read."""
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        return Sealed(seal(str(value), self.place(model_instance), keys()))

    def get_prep_value(self, value: Any) -> str | None:
        """Let through what `pre_save` sealed.

        Raises:
            TypeError: for a plain text, which would stand in the database as it is.
        """
        if value is None or isinstance(value, Sealed):
            return value
        raise TypeError(f"{self.name} is encrypted and is written with its row only")

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> Sealed | None:
        """Opened by the attribute."""
        return None if value is None else Sealed(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse every lookup but `isnull`: two encryptions of one text differ."""
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted and can't be searched by {lookup_name!r}")
        return super().get_lookup(lookup_name)
