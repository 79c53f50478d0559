"""Sealing stored values anew, while the platform runs. Called by `manage.py rotate_keys`."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connections, models, router, transaction

from paas.core.encryption import EncryptedTextField, keys
from paas.core.envelope import Place, seal, unseal

BATCH = 200


def encrypted_columns() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    """Each encrypted field and its model."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field


def rotate(model: type[models.Model], field: EncryptedTextField) -> int:
    """Seal every value of one column that is not under the first key anew, data key and all; returns how many.

    Safe beside writers, whose rows it locks a batch at a time, and wherever it is cut off: a batch is one transaction,
    and the next run goes on with what is left.

    Raises:
        DecryptionError: names the first value that does not open; what was done before stays done.
    """
    connection = connections[router.db_for_write(model)]
    names = (model._meta.db_table, str(field.column), str(model._meta.pk.column))
    table, column, key = (connection.ops.quote_name(name) for name in names)
    pending = f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL AND {column} NOT LIKE %s"  # noqa: S608 - quoted names only
    replace = f"UPDATE {table} SET {column} = %s WHERE {key} = %s"  # noqa: S608 - quoted names only
    held = keys()
    written = 0
    while True:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"{pending} LIMIT {BATCH} FOR UPDATE", [f"{next(iter(held))}:%"])
            rows = cursor.fetchall()
            for row_key, stored in rows:
                place = Place(model._meta.db_table, str(row_key), str(field.column))
                cursor.execute(replace, [seal(unseal(stored, place, held), place, held), row_key])
        written += len(rows)
        if len(rows) < BATCH:
            return written
