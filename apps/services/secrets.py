"""Secrets of an environment: stored in versions, never read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from django.db import transaction
from django.utils.translation import gettext_noop as _
from pydantic import TypeAdapter, ValidationError

from apps.external import Remote
from apps.models import Environment, SecretVersion
from apps.selectors.secrets import Secret, secrets_of
from apps.services.environments import announce, held
from apps.services.rows import insert, person
from apps.terms import EnvName, givable
from paas.core import audit
from paas.core.errors import Conflict, Invalid
from paas.core.permissions import Actor, require

MOST_KEYS = 200
MOST_BYTES = 512 * 1024

Check = Callable[[Secret | None], None]
"""Of a secret, None before its first version."""

_KEY = TypeAdapter(EnvName)


def set_secret(
    *,
    environment: Environment,
    name: str,
    values: Mapping[str, str] | None = None,
    store: str = "",
    remote: Mapping[str, str] | None = None,
    max_age_days: int | None = None,
    actor: Actor,
    check: Check = lambda secret: None,
) -> SecretVersion:
    """Store a new version, which the next deploy pins; running releases keep theirs.

    Args:
        values: at most 200 texts of 512 KiB together, by the name of the environment variable.
        store, remote: instead of values, a store outside and where in it each value is: KEY or KEY#PART.
        max_age_days: from which age on the version is overdue; 0 is never, None as the version before.
        check: asked with the secret as it is, under the lock; what it raises ends it.

    Raises:
        Invalid: `secret_invalid`, `secret_too_large`.
        Conflict: `environment_retiring`, `secret_just_stored`.
    """
    require(actor, "deploy", environment)
    values, remote = values or {}, remote or {}
    if bool(store) != bool(remote) or bool(store) == bool(values):
        raise Invalid("secret_invalid", _("A secret has either values, or a store and where in it they are."))
    _check_keys(values or remote)
    _check_values(values)
    references = {key: _remote(store, said).reference for key, said in sorted(remote.items())}
    with transaction.atomic():
        environment = held(environment)
        secret = next(iter(secrets_of(environment, name)), None)
        check(secret)
        last = secret.versions[0] if secret else None
        kept = last.max_age_days if last else None
        row = SecretVersion(
            environment=environment,
            name=name,
            version=last.version + 1 if last else 1,
            keys=sorted(values or remote),
            values=json.dumps(dict(values)),
            references=references,
            max_age_days=kept if max_age_days is None else max_age_days or None,
            created_by=person(actor),
        )
        insert(
            row,
            taken=Conflict(
                "secret_just_stored",
                _("'%(name)s' was stored meanwhile."),
                remedy=_("Repeat it."),
                params={"name": name},
            ),
        )
        after = {"name": name, "version": row.version, "keys": row.keys, **({"store": store} if store else {})}
        audit.record(actor=actor, action="secret.stored", target=environment, after=after)
        announce(environment.application)
    return row


def _check_keys(given: Mapping[str, str]) -> None:
    if not given or len(given) > MOST_KEYS:
        raise Invalid("secret_invalid", f"A secret has 1 to {MOST_KEYS} keys, not {len(given)}.")
    for key in given:
        try:
            _KEY.validate_python(key)
        except ValidationError:
            raise Invalid(
                "secret_invalid",
                _("'%(key)s' is no name of an environment variable."),
                rule=_("Letters, digits and _, not beginning with a digit."),
                params={"key": key[:80]},
            ) from None


def _check_values(values: Mapping[str, str]) -> None:
    for key, value in values.items():
        if not givable(value):
            raise Invalid("secret_invalid", f"The value of {key} is not a text that a process could be given.")
    if sum(len(value.encode()) for value in values.values()) > MOST_BYTES:
        raise Invalid(
            "secret_too_large", _("The values come to more than %(most)d KiB."), params={"most": MOST_BYTES // 1024}
        )


def _remote(store: str, said: str) -> Remote:
    try:
        return Remote.read(store, said)
    except ValueError as error:
        raise Invalid(
            "secret_invalid",
            f"{error}.",
            rule="KEY or KEY#PART, the key in segments of letters, digits and -_.:@+= with / between.",
        ) from None
