"""Writing the audit trail. Called by every service inside the transaction of its change.

`circumstances` knows the request, `chain` what an event is signed and sealed by, `sealer` numbers and chains, `outside`
keeps the head of the chain where no owner of the database reaches it, `verify` tells what does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import structlog
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction

from paas.core.audit.chain import signature
from paas.core.audit.circumstances import present
from paas.core.audit.keys import keys
from paas.core.models import AuditEvent
from paas.core.permissions import Actor, Denied, exercised, signed_in

SYSTEM_NAME = "system"
NOBODY = "nobody"


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
    label, pk, name = _of(target)
    return _write(actor, action, label, pk, name, before=before, after=after, reason=reason)


def record_refusal(denied: Denied, *, asked: str) -> None:
    """What `permissions.require` refused, in a transaction of its own: that of the act is gone."""
    label, pk, name = ("platform", "", "the platform") if denied.obj is None else _of(denied.obj)
    after = {"permission": denied.permission, "code": denied.code, "asked": asked[:1000]}
    with transaction.atomic():
        _write(denied.actor, "permission.refused", label, pk, name, after=after, outcome=AuditEvent.Outcome.REFUSED)


def record_failed_sign_in(name: str, *, how: str) -> None:
    """Somebody who could not prove to be `name`. What was typed is kept only where it is a name we know: people type
    their password there.
    """
    known = cast(Any, get_user_model())._default_manager.filter(username=name).first()
    label, pk, shown = ("identity.User", "", "an unknown name") if known is None else _of(known)
    with transaction.atomic():
        _write(None, "sign_in.failed", label, pk, shown, outcome=AuditEvent.Outcome.REFUSED, how=how)


def record_refused_messages(queue: str, counts: Mapping[str, int], *, since: datetime) -> None:
    """What lay in a queue and none of us had sent: how often, by why it was not taken; nothing of what it held."""
    after = {"messages": sum(counts.values()), "why": dict(counts), "since": since.isoformat(timespec="seconds")}
    with transaction.atomic():
        _write(None, "message.refused", "queue", queue, queue, after=after, outcome=AuditEvent.Outcome.REFUSED)


def _of(target: models.Model) -> tuple[str, str, str]:
    return target._meta.label, str(target.pk), str(target)[:300]


def _write(
    actor: Actor, action: str, object_type: str, object_id: str, object_name: str, *,
    before: dict[str, Any] | None = None, after: dict[str, Any] | None = None, reason: str = "",
    outcome: str = AuditEvent.Outcome.DONE, how: str = "",
) -> AuditEvent:  # fmt: skip
    person = signed_in(actor)
    around = present()
    nobody = SYSTEM_NAME if outcome == AuditEvent.Outcome.DONE else NOBODY
    event = AuditEvent(
        actor=cast(Any, person),
        subject=str(person.pk) if person else "",
        actor_name=person.get_username() if person else nobody,
        how=how or around.how,
        address=around.address,
        right=_right_of(person) if outcome == AuditEvent.Outcome.DONE else None,
        action=action,
        outcome=outcome,
        object_type=object_type,
        object_id=object_id,
        object_name=object_name,
        before=before,
        after=after,
        reason=reason,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    )
    event.signature = signature(event.facts(), keys())
    event.save(force_insert=True)
    return event


def _right_of(person: AbstractUser | None) -> dict[str, str] | None:
    """The right that was asked for last, if it was this person's."""
    found = exercised.get()
    if person is None or found is None or found.person != person.pk:
        return None
    return {"permission": found.permission, "through": found.through, "on": found.on}
