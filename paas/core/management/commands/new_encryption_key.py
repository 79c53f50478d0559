"""`manage.py new_encryption_key ID`: print a new entry for DOUGONG_ENCRYPTION_KEYS."""

from __future__ import annotations

import base64
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from paas.core.envelope import KEY_BYTES
from paas.core.key_encryption import SERVICES


class Command(BaseCommand):
    """The key is printed in plain, or wrapped by a key management service; nothing is stored."""

    help = "Print a new entry for DOUGONG_ENCRYPTION_KEYS. Put it first, then run rotate_keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """The entry's id, and what wraps its key."""
        parser.add_argument("id", help="letters and digits, new: k2")
        parser.add_argument("--wrapped-by", choices=sorted(SERVICES), help="the service that wraps the key")
        parser.add_argument("--under", default="", help="the service's key: an id, an alias or an ARN")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line."""
        key, service = os.urandom(KEY_BYTES), options["wrapped_by"]
        if service:
            key = SERVICES[service].wrap(key, options["under"])
        parts = (options["id"], service, base64.urlsafe_b64encode(key).decode())
        self.stdout.write(":".join(filter(None, parts)))
