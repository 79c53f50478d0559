"""`manage.py rotate_keys`: seal every encrypted value anew under the first of DOUGONG_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from paas.core.rotation import encrypted_columns, rotate


class Command(BaseCommand):
    """Rotates all columns of all models; may be interrupted and run again, while the platform runs."""

    help = "Seal every encrypted value anew under the first of DOUGONG_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per column."""
        for model, field in encrypted_columns():
            self.stdout.write(f"{model._meta.label}.{field.name}: {rotate(model, field)} rotated")
