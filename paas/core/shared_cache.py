"""Django's cache in PostgreSQL: what all processes count together, as attempts to sign in and codes that are used up.

Not Django's own, which unpickles what stands in the table: whoever may write there would run code in every process.
Values are JSON, keys are digests. What is counted within a transaction is undone with it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.utils import timezone

from paas.core.models import CacheEntry

# One statement, so that of two processes one adds: an entry that is over counts as none.
ADD = f"""
INSERT INTO {CacheEntry._meta.db_table} AS entry (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at WHERE entry.expires_at <= %s
"""  # noqa: S608 - the name of our own table


class SharedCache(BaseCache):
    """Named by the setting `CACHES`. Every call asks PostgreSQL: nothing is kept in the process."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, as JSON gives it back."""
        living = CacheEntry.objects.filter(key=self._digest(key, version), expires_at__gt=timezone.now())
        return next(iter(living.values_list("value", flat=True)), default)

    def set(self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Put it there, over what was."""
        entry = CacheEntry(key=self._digest(key, version), value=value, expires_at=self._end(timeout))
        CacheEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["key"], update_fields=["value", "expires_at"]
        )

    def add(self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Put it there where there is none; whether it was."""
        given = (self._digest(key, version), json.dumps(value), self._end(timeout), timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(ADD, given)
            return bool(cursor.rowcount)

    def touch(self, key: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Another end; whether it is there."""
        living = CacheEntry.objects.filter(key=self._digest(key, version), expires_at__gt=timezone.now())
        return bool(living.update(expires_at=self._end(timeout)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Whether it was there."""
        return bool(CacheEntry.objects.filter(key=self._digest(key, version)).delete()[0])

    def clear(self) -> None:
        """All of it."""
        CacheEntry.objects.all().delete()

    def _digest(self, key: Any, version: int | None) -> str:
        """Of any length and form: keys name people, addresses and codes."""
        return hashlib.sha256(self.make_key(key, version=version).encode()).hexdigest()

    def _end(self, timeout: Any) -> datetime:
        seconds = self.get_backend_timeout(timeout)
        return datetime.max.replace(tzinfo=UTC) if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def forget_expired() -> None:
    """Delete the entries that are over."""
    CacheEntry.objects.filter(expires_at__lte=timezone.now()).delete()
