"""Records what attempts found, if the lease is still ours: inventory rows, status, schedule; tells owners and waiting Works.

The schedule is written only where it still says what was read: an edit or a watch event that came meanwhile keeps its place.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from clusters import lease, observed
from clusters.health import Health, Verdict, worst
from clusters.due import due
from clusters.lease import Held
from clusters.models import Lane, OwnedObject, Work
from clusters.reconcile.deliver import SETTLED
from clusters.reconcile.outcome import Outcome, Row
from clusters.reconcile.wire import LeaseLost
from paas.core.conditions import Condition, set_condition
from paas.core.sse import hint

PROGRESS_SECONDS = 5.0  # a fallback: what moves is watched
REMOVE_SECONDS = 2.0
WAIT_SECONDS = 60.0  # a fallback: who is waited for wakes the waiting
LONGEST_BACK_OFF = 300.0


def record(held: Held, outcomes: list[Outcome]) -> None:
    """Write the outcomes in one transaction. Raises LeaseLost, then nothing is written."""
    with transaction.atomic():
        if not lease.holds(held):
            raise LeaseLost
        now = _database_time()
        # One order for all writers: two transactions that lock the same Works in different orders would wait for each other.
        works = {
            work.pk: work
            for work in Work.objects.select_for_update()
            .filter(pk__in=[each.assignment.work_id for each in outcomes])
            .order_by("pk")
        }
        _record_rows(outcomes, now)
        for outcome in outcomes:
            work = works.get(outcome.assignment.work_id)
            if work is not None and not outcome.interrupted:
                _record_work(work, outcome, now)


def _record_rows(outcomes: Iterable[Outcome], now: datetime) -> None:
    changed: list[Row] = [
        row for outcome in outcomes for oid, row in outcome.rows.items() if row != outcome.assignment.rows.get(oid)
    ]
    fields = [
        "claim", "uid", "sent_digest", "live_digest", "resource_version", "health", "reason", "message", "done", "gone_at",
    ]  # fmt: skip
    OwnedObject.objects.bulk_update(
        [
            OwnedObject(
                pk=row.id, claim=row.claim, uid=row.uid, sent_digest=row.sent_digest, live_digest=row.live_digest,
                resource_version=row.resource_version, health=row.health, reason=row.reason[:80],
                message=row.message[:2000], done=row.done, gone_at=now if row.gone else None,
            )
            for row in changed
        ],
        fields,
        batch_size=500,
    )  # fmt: skip


def _record_work(work: Work, outcome: Outcome, now: datetime) -> None:
    assignment = outcome.assignment
    current = work.generation == assignment.generation
    if outcome.finished and current:
        _remove_work(work)
        return
    was_settled, before = (
        work.settled_generation,
        (work.health, work.conditions, work.reported, work.observed_generation),
    )
    verdict = _verdict(outcome)
    work.health = str(verdict.health)
    work.conditions = _conditions(work.conditions, outcome, verdict, now)
    work.reported = outcome.reported
    work.observed_generation = max(work.observed_generation, assignment.generation)
    settled = verdict.health in SETTLED and not assignment.retired
    if settled:
        work.settled_generation = max(work.settled_generation, assignment.generation)
    if current and work.nudges == assignment.nudges:
        _schedule(work, outcome, now, settled=settled)
    work.save(
        update_fields=[
            "health", "conditions", "reported", "observed_generation", "settled_generation", "next_check_at", "not_before",
            "attempts", "lane", "updated_at",
        ]
    )  # fmt: skip
    if work.settled_generation > was_settled:
        due(Work.objects.filter(waits_for=work), Lane.EDIT)
    if (work.health, work.conditions, work.reported, work.observed_generation) != before:
        _tell(work)


def _remove_work(work: Work) -> None:
    """Nothing of it is left on the cluster: the Work goes, its rows stay as tombstones, who it kept waiting is due."""
    ahead = list(work.waits_for.values_list("pk", flat=True))
    _tell(work)
    work.delete()
    due(Work.objects.filter(pk__in=ahead), Lane.EDIT)


def _tell(work: Work) -> None:
    observed.notify(work.owner_kind, work.owner_id)
    hint(f"owner:{work.owner_id}")
    hint("works")


def _verdict(outcome: Outcome) -> Verdict:
    """The health of the whole: the worst of its objects; what could not be attempted keeps it from being Healthy."""
    assignment = outcome.assignment
    if assignment.retired:
        return Verdict(Health.PROGRESSING, "Removing", "Is being removed.")
    if outcome.waiting:
        return Verdict(Health.PROGRESSING, "WaitingForWork", outcome.conditions[0].message)
    found = worst(outcome.verdicts.values())
    if outcome.failed and found.health in SETTLED:
        failure = outcome.conditions[-1]
        return Verdict(Health.DEGRADED, failure.reason, failure.message)
    return found


def _conditions(
    present: list[dict[str, Any]], outcome: Outcome, verdict: Verdict, now: datetime
) -> list[dict[str, Any]]:
    """Ready, always; each other type only for as long as an attempt states it."""
    generation = outcome.assignment.generation
    ready = Condition(
        "Ready", "True" if verdict.health in SETTLED else "False", verdict.reason or str(verdict.health), verdict.message[:2000],
        observed_generation=generation,
    )  # fmt: skip
    stated = {each.type: each for each in outcome.conditions}
    if outcome.assignment.late and verdict.health not in SETTLED:
        message = f"Not Healthy by its deadline: {verdict.message or verdict.reason}"
        stated["DeadlineExceeded"] = Condition(
            "DeadlineExceeded", "True", verdict.reason or "NotHealthy", message[:2000], generation
        )
    conditions = [each for each in present if each.get("type") in stated or each.get("type") == "Ready"]
    for condition in (ready, *stated.values()):
        conditions = set_condition(conditions, condition, now=now)
    return conditions


def _schedule(work: Work, outcome: Outcome, now: datetime, *, settled: bool) -> None:
    """When to look again. A failure backs off, and only an edit may come before that."""
    work.not_before = None
    if outcome.failed:
        work.attempts += 1
        seconds = max(
            min(LONGEST_BACK_OFF, 2.0 ** min(work.attempts, 16)) * random.uniform(0.5, 1.0), outcome.retry_after
        )
        work.not_before = now + timedelta(seconds=seconds)
    else:
        work.attempts = 0
        if outcome.waiting:
            seconds = WAIT_SECONDS
        elif outcome.pruning:
            seconds = REMOVE_SECONDS
        elif settled:
            seconds = settings.DOUGONG.sweep_seconds * random.uniform(0.8, 1.2)
            work.lane = Lane.SWEEP
        else:
            seconds = PROGRESS_SECONDS
    work.next_check_at = now + timedelta(seconds=seconds)


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment: datetime = cursor.fetchone()[0]
        return moment
