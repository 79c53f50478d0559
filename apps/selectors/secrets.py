"""Reads of stored secrets. Only `secret_value` reads a value, and only the delivery loop calls it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.external import Remote
from apps.models import Environment, SecretVersion
from apps.selectors.kept import Kept
from clusters.resolve import SecretUnavailable


@dataclass(frozen=True)
class Secret(Kept[SecretVersion]):
    """A secret of an environment, as people know it; what is current the next deploy takes.

    released  the number of the version that the current release uses, None where it uses none
    """

    released: int | None

    @property
    def overdue(self) -> bool:
        """Whether the current version is older than it may become."""
        most = self.current.max_age_days if self.current else None
        return most is not None and self.age > timedelta(days=most)

    @property
    def store(self) -> str | None:
        """The store outside that keeps the values; None where they are stored here."""
        return next((each.store for each in self._remotes().values()), None)

    @property
    def remote(self) -> dict[str, str]:
        """By key, where in the store its value is: KEY or KEY#PART."""
        return {key: str(each) for key, each in self._remotes().items()}

    def _remotes(self) -> dict[str, Remote]:
        found = {key: Remote.parse(each) for key, each in self.latest.references.items()}
        return {key: each for key, each in found.items() if each is not None}


def secrets_of(environment: Environment, name: str | None = None) -> list[Secret]:
    """Every secret that was ever stored there, or the one of that name, by name."""
    rows: QuerySet[SecretVersion] = SecretVersion.objects.filter(environment=environment)
    rows = rows.select_related("created_by").defer("values").order_by("name", "-version")
    if name is not None:
        rows = rows.filter(name=name)
    release = environment.current_release
    pinned, now = (release.secrets if release else {}), timezone.now()
    return [Secret(each, tuple(found), now, pinned.get(each)) for each, found in groupby(rows, lambda row: row.name)]


def latest_secrets(environment: Environment) -> list[SecretVersion]:
    """The latest version in force of each secret, by name, without its values."""
    in_force = SecretVersion.objects.filter(environment=environment, revoked_at=None)
    return list(in_force.order_by("name", "-version").distinct("name").defer("values"))


def secret_value(rest: str) -> bytes:
    """The value of "<version id>/<key>", for `clusters.resolve`. Raises SecretUnavailable."""
    identifier, _, key = rest.partition("/")
    try:
        version = SecretVersion.objects.filter(pk=UUID(identifier)).first()
    except ValueError:
        version = None
    if version is None:
        raise SecretUnavailable("the secret is not stored here")
    if version.revoked_at is not None:
        raise SecretUnavailable(f"{version} has been revoked; deploy again to use its successor")
    values = json.loads(version.values)
    if key not in values:
        raise SecretUnavailable(f"{version} has no key {key}")
    return str(values[key]).encode()
