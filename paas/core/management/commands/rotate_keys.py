"""`manage.py rotate_keys`: write every encrypted value again under the first of DOUGONG_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from paas.core.encryption import EncryptedTextField, rotate


class Command(BaseCommand):
    """Rotates all columns of all models; may be interrupted and run again."""

    help = "Write every encrypted value again under the first of DOUGONG_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per column."""
        for model in apps.get_models():
            for field in model._meta.local_fields:
                if isinstance(field, EncryptedTextField):
                    self.stdout.write(f"{model._meta.label}.{field.name}: {rotate(model, field)} rotated")
