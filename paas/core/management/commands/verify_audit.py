"""`manage.py verify_audit`: read the whole audit trail against its seals and the heads kept outside."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from paas.core.audit.outside import outside
from paas.core.audit.verify import verify
from paas.core.models import AuditEvent


class Command(BaseCommand):
    """Needs the database, the audit keys and what is kept outside; no running control plane."""

    help = "Tell whether the audit trail is whole, and the first event that does not fit."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line; exit 1 where something does not fit."""
        verdict = verify(outside(settings.DOUGONG.audit_outside))
        if verdict.fault is not None:
            fault = verdict.fault
            named = "" if fault.event is None else f" (id {fault.event})"
            raise CommandError(f"event {fault.number}{named} {fault.what}; {verdict.number} before it are whole")
        unsealed = AuditEvent.objects.filter(number=None).count()
        self.stdout.write(
            f"{verdict.number} events are whole, {verdict.heads} heads outside agree, {unsealed} not sealed yet"
        )
