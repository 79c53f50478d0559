"""Sealing the audit trail in tests."""

import time

from paas.core.audit.sealer import Sealer
from paas.core.models import AuditEvent

WAIT_SECONDS = 30


def seal_all(sealer: Sealer) -> None:
    """Turn until all is sealed: what is being written on the same server, in any database, holds a sealer back."""
    until = time.monotonic() + WAIT_SECONDS
    while sealer.turn() or AuditEvent.objects.filter(number=None).exists():
        assert time.monotonic() < until, "a transaction on this server does not end"
        time.sleep(0.01)
