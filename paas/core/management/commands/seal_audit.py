"""`manage.py seal_audit`: the process that numbers and chains the audit trail."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from paas.core.audit.sealer import sealer


class Command(BaseCommand):
    """Runs until SIGTERM. A second one does no harm."""

    help = "Seal the audit trail, about once a second, until told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal."""
        stop = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stop.set())
        sealer().run(stop)
