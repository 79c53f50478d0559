"""Reads and writes many rows in one statement of a constant shape; what is written goes as one JSON value.

The ORM builds its statements anew each time and an instance for each row (`bulk_update` a CASE with a branch for each
row and column), which was the largest part of a drain's own work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from django.db import connection, models

Values = Mapping[str, Any]
"""Field name → value, JSON-safe but for UUIDs and datetimes; each of the same fields, the primary key among them."""


def read(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows that a statement returns; jsonb comes as text."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def update(model: type[models.Model], rows: Sequence[Values]) -> None:
    """UPDATE the rows that have these primary keys."""
    if not rows:
        return
    key = model._meta.pk.column
    changes = ", ".join(f"{name} = new.{name}" for name in _columns(model, tuple(rows[0])) if name != key)
    table = connection.ops.quote_name(model._meta.db_table)
    _run(model, f"UPDATE {table} SET {changes} FROM %s WHERE {table}.{key} = new.{key}", rows)  # noqa: S608 - our names


def insert(model: type[models.Model], rows: Sequence[Values]) -> set[Any]:
    """INSERT the rows; the primary keys of those that met no other row."""
    if not rows:
        return set()
    columns = ", ".join(_columns(model, tuple(rows[0])))
    into = f"{connection.ops.quote_name(model._meta.db_table)} ({columns})"
    key = model._meta.pk.column
    statement = f"INSERT INTO {into} SELECT {columns} FROM %s ON CONFLICT DO NOTHING RETURNING {key}"  # noqa: S608 - our names
    return {found for (found,) in _run(model, statement, rows)}


@cache
def _columns(model: type[models.Model], names: tuple[str, ...]) -> dict[str, str]:
    """Column → type in the database, of the fields of these names."""
    fields = [model._meta.get_field(name) for name in names]
    return {str(field.column): str(field.db_type(connection)) for field in fields if isinstance(field, models.Field)}


def _run(model: type[models.Model], statement: str, rows: Sequence[Values]) -> list[tuple[Any, ...]]:
    """Run it with the rows as a table `new` in the place of %s; the rows it returns."""
    columns = _columns(model, tuple(rows[0]))
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    values = orjson.dumps([dict(zip(columns, row.values(), strict=True)) for row in rows]).decode()
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("%s", f"jsonb_to_recordset(%s::jsonb) AS new({typed})"), [values])
        return cursor.fetchall() if cursor.description else []
