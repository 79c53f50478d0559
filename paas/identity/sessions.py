"""Where sessions of the console are kept, so that a dump of the database signs nobody in.

A row stands under a digest of the key that the cookie carries, and what it holds (the seed of a second factor that is
being added, a sign-in under way at a provider) opens with that key alone. Both depend on the platform's secret key too.
Set as `SESSION_ENGINE`.
"""

from __future__ import annotations

import binascii
import os
from base64 import b64decode, b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

NONCE = 12
# Of the column of Django's table: 160 bits.
LONGEST = 40


def row_key(session_key: str) -> str:
    """What the row of a session stands under, given the key that its cookie carries."""
    return salted_hmac("paas.identity.sessions.row", session_key, algorithm="sha256").hexdigest()[:LONGEST]


class SessionStore(DatabaseStore):
    """Django's own, which knows its key from the cookie and its row by a digest."""

    def exists(self, session_key: str) -> bool:
        """Whether there is a session of that key."""
        return super().exists(row_key(session_key))

    async def aexists(self, session_key: str) -> bool:
        """The same."""
        return await super().aexists(row_key(session_key))

    def delete(self, session_key: str | None = None) -> None:
        """End the session of that key, or this one."""
        if key := session_key or self.session_key:
            super().delete(row_key(key))

    async def adelete(self, session_key: str | None = None) -> None:
        """The same."""
        if key := session_key or self.session_key:
            await super().adelete(row_key(key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row of what the session holds now."""
        return _under_digest(super().create_model_instance(data))

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The same."""
        return _under_digest(await super().acreate_model_instance(data))

    def encode(self, session_dict: dict[str, Any]) -> str:
        """As Django signs it, sealed."""
        nonce = os.urandom(NONCE)
        return b64encode(nonce + self._cipher().encrypt(nonce, super().encode(session_dict).encode(), None)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Nothing, where it is of another key."""
        try:
            sealed = b64decode(session_data, validate=True)
            return super().decode(self._cipher().decrypt(sealed[:NONCE], sealed[NONCE:], None).decode())
        except (binascii.Error, ValueError, InvalidTag):
            return {}

    def _cipher(self) -> AESGCM:
        return AESGCM(salted_hmac("paas.identity.sessions.data", self.session_key or "", algorithm="sha256").digest())

    def _get_session_from_db(self) -> Session | None:
        row = self._alive().first()
        self._session_key = self._session_key if row else None
        return row

    async def _aget_session_from_db(self) -> Session | None:
        row = await self._alive().afirst()
        self._session_key = self._session_key if row else None
        return row

    def _alive(self) -> QuerySet[Session]:
        return Session.objects.filter(session_key=row_key(self.session_key or ""), expire_date__gt=timezone.now())


def _under_digest(row: AbstractBaseSession) -> AbstractBaseSession:
    row.session_key = row_key(row.session_key)
    return row
