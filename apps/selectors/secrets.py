"""Reads of stored secrets. Only `secret_value` reads a value, and only the delivery loop calls it."""

from __future__ import annotations

import json
from uuid import UUID

from apps.models import Environment, SecretVersion
from clusters.resolve import SecretUnavailable


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
