"""What a probe saw becomes facts, conditions and the breaker of the row: one short transaction per cluster.

A sight through a credential or address that was replaced meanwhile is dropped. While the server is silent, refuses the
credential or is another cluster, the facts stay as last known; `observed_at` tells how old they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from clusters import breaker, conditions, credentials
from clusters.due import due_unless_held
from clusters.faults import ApiRefused, ClusterFault, NoDescriptors, Unreachable
from clusters.models import Cluster, ClusterCredential, Lane
from clusters.probe.facts import Facts
from clusters.selectors import FLEET_CHANNEL
from clusters.sessions import Access
from clusters.wake import wake
from paas.core.conditions import Condition, get_condition, set_condition
from paas.core.sse import hint


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look came to: facts, or the fault that came instead."""

    access: Access
    facts: Facts | None = None
    fault: ClusterFault | None = None

    @property
    def refusal(self) -> ApiRefused | None:
        """The server's no to our credential, if that is what came."""
        return self.fault if isinstance(self.fault, ApiRefused) and self.fault.status in (401, 403) else None

    @property
    def empty(self) -> bool:
        """It says nothing about the cluster: the server only asks to come back later, or was not even asked."""
        return isinstance(self.fault, NoDescriptors) or (isinstance(self.fault, ApiRefused) and self.fault.busy)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the sight changed. `locked_out`: the credential has just been refused for the first time."""

    cluster_id: UUID
    locked_out: bool = False
    recovered: bool = False


def record(sight: Sight) -> Recorded | None:
    """Write one sight; None where it no longer counts. Wakes the loop where delivery has become possible again."""
    if sight.empty:
        return None
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update().filter(pk=sight.access.cluster_id).first()
        credential = _credential_of(cluster, sight) if cluster else None
        if cluster is None or credential is None:
            return None
        before = list(cluster.conditions)
        said = _said(cluster, credential, sight)
        if sight.facts is not None and _is(said, conditions.IDENTITY_CONFIRMED, "True"):
            observed = {"observed_at": timezone.now().isoformat()}
            known = cluster.resources
            cluster.facts = {**sight.facts.to_json(cluster.facts), **observed}
            if cluster.resources.keys() - known.keys():
                waiting = [{"type": "KindNotServed", "status": "True"}]
                due_unless_held(cluster.works.filter(conditions__contains=waiting), Lane.EDIT, cured=True)
        for condition in said:
            cluster.conditions = set_condition(cluster.conditions, condition, now=timezone.now())
        if cluster.conditions != before:
            hint(FLEET_CHANNEL)
        # Not save(): the version is the ETag of what people edit, and a probe is no edit.
        Cluster.objects.filter(pk=cluster.pk).update(facts=cluster.facts, conditions=cluster.conditions)
        if sight.facts is not None:
            credentials.forget_before(credential)
        recovered = _count(cluster, sight)
        refused_before = _status(before, conditions.CREDENTIALS_ACCEPTED) == "False"
        if recovered or (_stopped(before) and not _stopped(cluster.conditions)):
            wake(Lane.EDIT)
    return Recorded(cluster.pk, locked_out=sight.refusal is not None and not refused_before, recovered=recovered)


def _credential_of(cluster: Cluster, sight: Sight) -> ClusterCredential | None:
    """The credential the sight was had with, if it is still the one in force."""
    newest = cluster.credentials.filter(purpose=sight.access.purpose).order_by("-version").first()
    return newest if newest is not None and newest.version == sight.access.version else None


def _said(cluster: Cluster, credential: ClusterCredential, sight: Sight) -> list[Condition]:
    now = timezone.now()
    life = credentials.life(credential)
    said = [conditions.expiring(conditions.CREDENTIALS_EXPIRING, credential.expires_at, now, life=life)]
    if sight.facts is not None:
        return [*said, *_seen(cluster, sight.facts, now)]
    if sight.refusal is not None:
        return [*said, conditions.reachable(), conditions.credentials(sight.refusal)]
    fault = sight.fault or Unreachable("nothing was seen")
    return [*said, conditions.unreachable(fault), conditions.not_asked(conditions.CREDENTIALS_ACCEPTED)]


def _seen(cluster: Cluster, facts: Facts, now: datetime) -> list[Condition]:
    return [
        conditions.reachable(),
        conditions.credentials(None),
        _identified(cluster, facts.identity),
        conditions.version_supported(facts.version),
        conditions.fence(facts.fence),
        conditions.kinds(list(facts.served.stale)),
        conditions.expiring(conditions.CERTIFICATE_EXPIRING, facts.certificate_expires_at, now),
    ]


def _identified(cluster: Cluster, seen: str) -> Condition:
    """Confirm the identity, kept on the first sight; the unique column decides between two that see it at once."""
    if cluster.identity is None and seen:
        try:
            with transaction.atomic():
                Cluster.objects.filter(pk=cluster.pk).update(identity=seen)
        except IntegrityError:
            twin = Cluster.objects.filter(identity=seen).values_list("name", flat=True).first()
            return conditions.identity(None, seen, twin or "another cluster")
        cluster.identity = seen
    return conditions.identity(cluster.identity, seen, None)


def _count(cluster: Cluster, sight: Sight) -> bool:
    """Tell the breaker; True where this sight closed it."""
    if sight.fault is None or sight.refusal is not None:
        return breaker.record_success(cluster.pk)
    breaker.record_failure(cluster.pk)
    return False


def _status(said: list[dict[str, Any]], type: str) -> str | None:  # noqa: A002 - the field's own word
    condition = get_condition(said, type)
    return str(condition["status"]) if condition else None


def _is(said: list[Condition], type: str, status: str) -> bool:  # noqa: A002 - a field of conditions
    return any(each.type == type and each.status == status for each in said)


def _stopped(said: list[dict[str, Any]]) -> bool:
    """Whether delivery stands still by one of these conditions."""
    return any(_status(said, needed) == "False" for needed in conditions.NEEDED)
