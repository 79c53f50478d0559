"""What is kept in versions and never shown, as people know it: which is in force, and how old it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from apps.models import PullSecretVersion, SecretVersion

Row = TypeVar("Row", SecretVersion, PullSecretVersion)


@dataclass(frozen=True)
class Kept(Generic[Row]):
    """Under a name.

    versions  newest first, without what is secret; at least one
    now       the moment that ages are of
    """

    name: str
    versions: tuple[Row, ...]
    now: datetime

    @property
    def version(self) -> int:
        """Rises with each version that is stored or revoked: the ETag."""
        return len(self.versions) + sum(each.revoked_at is not None for each in self.versions)

    @property
    def current(self) -> Row | None:
        """The latest in force."""
        return next((each for each in self.versions if each.revoked_at is None), None)

    @property
    def latest(self) -> Row:
        """The current one, or where all are revoked the last."""
        return self.current or self.versions[0]

    @property
    def age(self) -> timedelta:
        """Of the latest version."""
        return max(self.now - self.latest.created_at, timedelta())
