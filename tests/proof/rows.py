"""Every row of the database by its key, with a digest of all it holds, and what it refers to.

Found from the models, so that a new table or column is watched from its first day.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from django.apps import apps
from django.db import connection, models

# Written beside every request, for whoever made it: sessions, what a scheduler notes, how often somebody tried.
APART = ("sessions", "django_celery_beat", "contenttypes")
COUNTED = "core_cacheentry"


class Row(NamedTuple):
    """A table and a primary key, as text."""

    table: str
    key: str


def rows() -> dict[Row, str]:
    """All of them, and the digest of each."""
    with connection.cursor() as cursor:
        cursor.execute(_all_rows())
        return {Row(table, key): digest for table, key, digest in cursor.fetchall()}


def references() -> list[tuple[Row, str, Row]]:
    """(who refers, by which column, to what) of every foreign key, and of every UUID that stands in for one: there the
    table is empty.
    """
    with connection.cursor() as cursor:
        cursor.execute(_all_references())
        return [(Row(table, key), column, Row(to, value)) for table, key, column, to, value in cursor.fetchall()]


@cache
def _all_rows() -> str:
    return " UNION ALL ".join(
        f"SELECT '{table}', t.{key}::text, md5(t::text) FROM {table} t" for table, key, _ in tables()
    )


@cache
def _all_references() -> str:
    parts = [
        f"SELECT '{table}', {key}::text, '{field.column}', '{to}', {field.column}::text FROM {table}"
        f" WHERE {field.column} IS NOT NULL"
        for table, key, model in tables()
        for field in model._meta.concrete_fields
        if (to := _refers_to(field)) is not None
    ]
    return " UNION ALL ".join(parts)


def tables() -> list[tuple[str, str, type[models.Model]]]:
    """(name, primary key's column, model) of each that is watched."""
    found = {
        model._meta.db_table: (model._meta.db_table, model._meta.pk.column, model)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.app_label not in APART
        if model._meta.db_table != COUNTED
    }
    return sorted(found.values(), key=lambda each: each[0])


def _refers_to(field: models.Field) -> str | None:
    if isinstance(field.remote_field, models.ManyToOneRel):
        return str(field.related_model._meta.db_table)
    return "" if isinstance(field, models.UUIDField) and not field.primary_key else None
