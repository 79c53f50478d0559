"""Secrets of an environment: written and revoked, never read back."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from pydantic import TypeAdapter, ValidationError

from apps.models import Environment, SecretVersion
from apps.services.environments import announce, held
from apps.services.observe import observed_environment
from apps.services.rows import insert, locked, person
from apps.terms import EnvName, givable
from clusters.due import due
from clusters.models import Lane, Work
from paas.core import audit
from paas.core.errors import Conflict, Invalid, NotFound
from paas.core.permissions import Actor, require

MOST_KEYS = 200
MOST_BYTES = 512 * 1024

_KEY = TypeAdapter(EnvName)


def set_secret(*, environment: Environment, name: str, values: Mapping[str, str], actor: Actor) -> SecretVersion:
    """Store a new version, which the next deploy pins; running releases keep theirs.

    Args:
        values: at most 200 texts of 512 KiB together, by the name of the environment variable.

    Raises:
        Invalid: `secret_invalid`, `secret_too_large`.
        Conflict: `environment_retiring`.
    """
    require(actor, "deploy", environment)
    _check(values)
    with transaction.atomic():
        environment = held(environment)
        last = SecretVersion.objects.filter(environment=environment, name=name).defer("values").first()
        row = SecretVersion(
            environment=environment,
            name=name,
            version=last.version + 1 if last else 1,
            keys=sorted(values),
            values=json.dumps(dict(values)),
            created_by=person(actor),
        )
        insert(row, taken=Conflict("secret_just_stored", f"'{name}' was stored meanwhile.", remedy="Repeat it."))
        after = {"name": name, "version": row.version, "keys": row.keys}
        audit.record(actor=actor, action="secret.stored", target=environment, after=after)
        announce(environment.application)
    return row


def revoke_secret(
    *, environment: Environment, name: str, version: int | None = None, actor: Actor, reason: str = ""
) -> list[int]:
    """Forget the values of one version, or of all; the numbers of those revoked.

    What runs with it goes on with what its processes have, and is said to be SecretUnavailable until deployed again.

    Raises:
        NotFound: `secret_not_found`.
    """
    require(actor, "deploy", environment)
    with transaction.atomic():
        locked(environment.application)
        rows = SecretVersion.objects.filter(environment=environment, name=name, revoked_at=None)
        if version is not None:
            rows = rows.filter(version=version)
        numbers = sorted(rows.values_list("version", flat=True))
        if not numbers:
            raise NotFound("secret_not_found", f"'{environment}' has no secret '{name}' in force.")
        for row in rows:
            row.revoked_at, row.values = timezone.now(), "{}"
            row.save(update_fields=["revoked_at", "values"])
        after = {"name": name, "versions": numbers}
        audit.record(actor=actor, action="secret.revoked", target=environment, after=after, reason=reason)
        due(Work.objects.filter(owner_kind="environment", owner_id=environment.pk), Lane.EDIT)
        observed_environment(environment.pk)
        announce(environment.application)
    return numbers


def _check(values: Mapping[str, str]) -> None:
    if not values or len(values) > MOST_KEYS:
        raise Invalid("secret_invalid", f"A secret has 1 to {MOST_KEYS} keys, not {len(values)}.")
    for key, value in values.items():
        try:
            _KEY.validate_python(key)
        except ValidationError:
            raise Invalid(
                "secret_invalid",
                f"'{key[:80]}' is no name of an environment variable.",
                rule="Letters, digits and _, not beginning with a digit.",
            ) from None
        if not givable(value):
            raise Invalid("secret_invalid", f"The value of {key} is not a text that a process could be given.")
    if sum(len(value.encode()) for value in values.values()) > MOST_BYTES:
        raise Invalid("secret_too_large", f"The values come to more than {MOST_BYTES // 1024} KiB.")
