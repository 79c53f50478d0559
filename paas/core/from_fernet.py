"""For migrations: columns that held Fernet tokens, `id:token`, come under envelope encryption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings

from paas.core.encryption import keys
from paas.core.envelope import Place, seal


def reseal(model_label: tuple[str, str], columns: Sequence[str]) -> Callable[[Any, Any], None]:
    """A RunPython function for the columns of `(app label, model name)`; the keys are those of the settings."""

    def run(apps: Any, schema_editor: Any) -> None:
        table = apps.get_model(*model_label)._meta.db_table
        with schema_editor.connection.cursor() as cursor:
            for column in columns:
                cursor.execute(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608 - ours
                for pk, stored in cursor.fetchall():
                    sealed = seal(_opened(stored), Place(table, str(pk), column), keys())
                    cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [sealed, pk])  # noqa: S608 - ours

    return run


def _opened(stored: str) -> str:
    identifier, _, token = stored.partition(":")
    entries = (each.get_secret_value().partition(":") for each in settings.DOUGONG.encryption_keys)
    return Fernet({name: key for name, _, key in entries}[identifier]).decrypt(token.encode()).decode()
