"""What the audit trail has of an application: its own events and those of its environments, retired ones too."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.models import Application, Environment
from paas.core.models import AuditEvent


def events_of(application: Application) -> QuerySet[AuditEvent]:
    """Newest first: deploys, rollbacks, secrets, approvals and terminals are events of environments. For who may view
    the application.
    """
    environments = Environment.objects.filter(application=application).values_list("pk", flat=True)
    return AuditEvent.objects.filter(
        object_type__in=[Application._meta.label, Environment._meta.label],
        object_id__in=[str(application.pk), *map(str, environments)],
    )
