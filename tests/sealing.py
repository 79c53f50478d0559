"""Sealing the audit trail in tests."""

import time

from paas.core.audit.sealer import Sealer
from paas.core.models import AuditEvent

WAIT_SECONDS = 30


def seal_all(sealer: Sealer) -> None:
    """Turn until all is sealed: other tests write on the same server, and what they have begun holds a sealer back."""
    until = time.monotonic() + WAIT_SECONDS
    while sealer.turn() or AuditEvent.objects.filter(number=None).exists():
        assert time.monotonic() < until, "other tests' transactions do not end"
        time.sleep(0.01)
