"""Writing the audit trail. Called by every service inside the transaction of its change."""

from __future__ import annotations

from typing import Any, cast

import structlog
from django.db import models, transaction

from paas.core.models import AuditEvent
from paas.core.permissions import Actor, signed_in

SYSTEM_NAME = "system"


def record(
    *,
    actor: Actor,
    action: str,
    target: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Write one event about `target`; it lives or dies with the surrounding transaction.

    Args:
        actor: the person; None is the platform itself and is written as "system".
        action: `noun.verb`, past what a reader needs no code for: `team.member_added`.
        before, after: JSON-safe facts that changed. Never a secret's value.
        reason: the person's own words, where they were asked for.

    Raises:
        RuntimeError: outside a transaction, since the event could then survive a change that did not.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an audit event is written in the transaction of its change; there is none")
    person = signed_in(actor)
    return AuditEvent.objects.create(
        actor=cast(Any, person),
        actor_name=person.get_username() if person else SYSTEM_NAME,
        action=action,
        object_type=target._meta.label,
        object_id=str(target.pk),
        object_name=str(target)[:300],
        before=before,
        after=after,
        reason=reason,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    )
