"""Rows that a service is about to change: read anew and held, so that it decides on what is there now."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

from paas.core.permissions import not_found

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
