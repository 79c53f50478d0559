"""Rows that a service changes: read anew and held, so that it decides on what is there now; then written and told."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import connection, models

from paas.core import audit
from paas.core.models import Versioned
from paas.core.permissions import Actor, not_found

Row = TypeVar("Row", bound=models.Model)


def locked(row: Row) -> Row:
    """The row as it is now, held until the transaction ends; rows that refer to it can still be written.

    Raises:
        NotFound: `<noun>_not_found`, where it has gone since it was read.
    """
    model = type(row)
    found = model._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=row.pk).first()
    if found is None:
        raise not_found(model)
    return found


def held(what: str, key: str = "", *, shared: bool = False) -> None:
    """Wait for what has no row of its own, `key` of `what`, and keep it until the transaction ends.

    Those who share it wait only for one who does not.
    """
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtext(%s), hashtext(%s))", [what, key])


def edit(row: Versioned, *, actor: Actor, action: str, reason: str = "", **fields: Any) -> bool:
    """Write these JSON-safe fields of a row that is held, and the audit event. False where they are so already: then
    nothing is written.
    """
    before = {name: getattr(row, name) for name in fields}
    if before == fields:
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    row.save_version(*fields)
    audit.record(actor=actor, action=action, target=row, before=before, after=fields, reason=reason)
    return True
