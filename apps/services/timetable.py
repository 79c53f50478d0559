"""Turning the pages of timetables: when a window of a scaler begins or ends, its bounds change, and nothing else does.

An act of the platform itself, which a person has released in advance. Nothing is rendered: in the manifests that are
desired already two numbers are replaced (docs/adr/0015). Woken by beat; what was missed while nothing ran is passed
over, since it asks what holds now.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from apps.delivery import APPLICATION, OWNER_KIND
from apps.models import Environment, Placement
from apps.services.environments import announce
from apps.services.observe import observed_environment
from apps.services.submit import owner_of
from apps.spread import COMPONENT
from apps.timetable import in_force, next_turn, turned
from clusters.manifests import Manifest
from clusters.models import Lane, Work
from clusters.work import submit_work
from paas.core import audit
from paas.core.rows import locked

log = structlog.get_logger(__name__)
BATCH = 200


def turn_due() -> int:
    """Give every scaler whose time has come the bounds of now; how many environments. One that fails stays due."""
    now = timezone.now()
    due = Placement.objects.filter(next_turn_at__lte=now).order_by("next_turn_at")
    environments = list(dict.fromkeys(due.values_list("environment_id", flat=True)[:BATCH]))
    for environment_id in environments:
        try:
            _turn(environment_id, now)
        except Exception:
            # Of many, one that cannot be turned is not to keep the others from it.
            log.exception("timetable_not_turned", environment=str(environment_id))
    return len(environments)


def _turn(environment_id: UUID, now: datetime) -> None:
    with transaction.atomic():
        environment = Environment.objects.select_related("application__project__team").get(pk=environment_id)
        locked(environment.application)
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for placement in environment.placements.filter(next_turn_at__lte=now).select_related("cluster"):
            work = Work.objects.filter(
                owner_kind=OWNER_KIND, owner_id=environment.pk, cluster=placement.cluster, name=APPLICATION,
                intent=Work.Intent.PRESENT,
            ).first()  # fmt: skip
            placement.next_turn_at = None
            if work is not None:
                old = tuple(map(Manifest.from_json, work.manifests))
                new = turned(old, now)
                placement.next_turn_at = next_turn(new, now)
                if new != old:
                    _submit(environment, work, new)
                    before[placement.cluster.name], after[placement.cluster.name] = _differing(old, new)
            placement.save(update_fields=["next_turn_at"])
        if after:
            observed_environment(environment.pk)
            audit.record(actor=None, action="environment.scaler_turned", target=environment, before=before, after=after)
            announce(environment.application)


def _submit(environment: Environment, work: Work, manifests: tuple[Manifest, ...]) -> None:
    """Everything as it is but the manifests. It is nobody's edit, yet should not wait behind a sweep."""
    submit_work(
        owner=owner_of(environment),
        name=work.name,
        cluster=work.cluster,
        manifests=manifests,
        target_digest=work.target_digest,
        release=work.release,
        waits_for=list(work.waits_for.all()),
        lane=Lane.DRIFT,
    )


def _differing(old: tuple[Manifest, ...], new: tuple[Manifest, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """By process [fewest, most], before and after."""
    pairs = [(one.body, other.body) for one, other in zip(old, new, strict=True) if one != other]
    before, after = (
        {
            body["metadata"]["labels"][COMPONENT]: [bounds.least, bounds.most]
            for body in side
            for bounds in [in_force(body)]
        }
        for side in zip(*pairs, strict=True)
    )
    return before, after
