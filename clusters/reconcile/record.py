"""Records what attempts found, if the lease is still ours: rows, calls, status, schedule; tells who waits for it.

The schedule is written only where it still says what was read: an edit or a watch event that came meanwhile keeps its
place, except that no event may hurry a Work that has just failed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from clusters import bulk, lease, observed
from clusters.due import database_time, due_unless_held, next_sweep
from clusters.health import Health, Verdict, worst
from clusters.lease import Held
from clusters.models import ApiCall, Lane, OwnedObject, Work
from clusters.orphans import take_in
from clusters.reconcile.outcome import Outcome, Row
from clusters.reconcile.wire import LeaseLost
from clusters.selectors import WORKS_CHANNEL
from paas.core import audit
from paas.core.conditions import Condition, set_condition
from paas.core.sse import hint

PROGRESS_SECONDS = 5.0  # a fallback: what moves is watched
REMOVE_SECONDS = 2.0
WAIT_SECONDS = 60.0  # a fallback: who is waited for wakes the waiting, and pods that go are watched
LONGEST_BACK_OFF = 300.0

_OBSERVED = (
    "health", "conditions", "reported", "observed_generation", "settled_generation", "next_check_at", "not_before",
    "attempts", "lane", "updated_at",
)  # fmt: skip

_WAITING = "SELECT from_work_id FROM clusters_work_waits_for WHERE to_work_id = ANY(%s)"


def record(held: Held, outcomes: list[Outcome]) -> None:
    """Write the outcomes in one transaction. Raises LeaseLost, then nothing is written."""
    with transaction.atomic():
        if not lease.holds(held):
            raise LeaseLost
        now = database_time()
        # A service that holds a Work just now is making it due: it is attempted again. To wait for it while holding
        # others is how two would wait for each other.
        attempted = [each.assignment.work_id for each in outcomes]
        free = Work.objects.select_for_update(skip_locked=True).defer("manifests", "removable", "retirement")
        works = {work.pk: work for work in free.filter(pk__in=attempted)}
        _record_rows(outcomes, now)
        _record_calls(outcomes, now)
        for claim in {claim for outcome in outcomes for claim in outcome.returned}:
            take_in(held.cluster_id, claim)
        _revive(held, outcomes)
        recorded = [
            (work, outcome)
            for outcome in outcomes
            if not outcome.interrupted and (work := works.get(outcome.assignment.work_id)) is not None
        ]
        _record_works(recorded, now)


def _revive(held: Held, outcomes: Iterable[Outcome]) -> None:
    """Where a namespace has come back, what belongs in it need not wait for its back-off to end."""
    made = {
        row.oid.name
        for outcome in outcomes
        for row in outcome.rows.values()
        if row.oid.kind == "Namespace" and row.uid and row.uid != outcome.assignment.rows[row.oid].uid
    }
    if made:
        inside = OwnedObject.objects.filter(cluster_id=held.cluster_id, namespace__in=made, gone_at=None)
        due_unless_held(Work.objects.filter(pk__in=inside.values("work_id")), Lane.DRIFT, cured=True)


def _record_rows(outcomes: Iterable[Outcome], now: datetime) -> None:
    changed: list[Row] = [
        row for outcome in outcomes for oid, row in outcome.rows.items() if row != outcome.assignment.rows.get(oid)
    ]
    bulk.update(
        OwnedObject,
        [
            {
                "id": row.id, "claim": row.claim, "uid": row.uid, "sent_digest": row.sent_digest,
                "live_digest": row.live_digest, "resource_version": row.resource_version, "health": str(row.health),
                "reason": row.reason[:80], "message": row.message[:2000], "done": row.done, "fights": row.fights,
                "gone_at": now if row.gone else None,
            }
            for row in changed
        ],
    )  # fmt: skip


def _record_calls(outcomes: Iterable[Outcome], now: datetime) -> None:
    bulk.insert(
        ApiCall,
        [
            {
                "work_id": outcome.assignment.work_id, "generation": outcome.assignment.generation,
                "oid": str(call.oid), "verb": call.verb, "uid": call.uid,
                "resource_version": call.resource_version, "at": now,
            }
            for outcome in outcomes
            for call in outcome.calls
        ],
    )  # fmt: skip


def _record_works(recorded: list[tuple[Work, Outcome]], now: datetime) -> None:
    """Status and schedule; who waits for a Work that has just settled is due, owners are told what changed."""
    before = {work.pk: _told(work) for work, _ in recorded}
    settled = {work.pk: work.settled_generation for work, _ in recorded}
    for work, outcome in recorded:
        _note(work, outcome, now)
    over = {work.pk for work, outcome in recorded if outcome.finished and _is_current(work, outcome)}
    staying = [work for work, _ in recorded if work.pk not in over]
    bulk.update(Work, [{"id": work.pk, **{name: getattr(work, name) for name in _OBSERVED}} for work in staying])
    ready = [work.pk for work in staying if work.settled_generation > settled[work.pk]]
    if waiting := [pk for (pk,) in bulk.read(_WAITING, [ready])]:
        due_unless_held(Work.objects.filter(pk__in=waiting), Lane.EDIT)
    for work, _ in recorded:
        if work.pk in over:
            _remove_work(work)
    _tell([work for work in staying if _told(work) != before[work.pk]])


def _is_current(work: Work, outcome: Outcome) -> bool:
    """Whether the attempt was at what is still desired."""
    return work.generation == outcome.assignment.generation


def _told(work: Work) -> tuple[Any, ...]:
    return work.health, work.conditions, work.reported, work.observed_generation


def _note(work: Work, outcome: Outcome, now: datetime) -> None:
    """Bring a Work, not yet saved, up to an outcome."""
    generation = outcome.assignment.generation
    verdict = _verdict(outcome)
    work.health = str(verdict.health)
    work.conditions = _conditions(work.conditions, outcome, verdict, now)
    work.reported = outcome.reported
    work.observed_generation = max(work.observed_generation, generation)
    work.updated_at = now
    settled = verdict.settled and not outcome.assignment.retired
    if settled:
        work.settled_generation = max(work.settled_generation, generation)
    if _is_current(work, outcome):
        _schedule(work, outcome, now, settled=settled)


def _remove_work(work: Work) -> None:
    """Nothing of it is left on the cluster: the Work goes, its rows stay as tombstones, who it kept waiting is due.

    What was kept on the cluster has no other place left to be read than the audit trail.
    """
    work.save(update_fields=["conditions", "reported"])
    _tell([work])
    if work.reported:
        audit.record(actor=None, action="work.removed", target=work, after=work.reported)
    ahead = list(work.waits_for.values_list("pk", flat=True))
    cluster_id = work.cluster_id
    work.delete()
    waited = Q(pk__in=ahead) | Q(cluster_id=cluster_id, intent=Work.Intent.RETIRED)
    due_unless_held(Work.objects.filter(waited), Lane.EDIT)


def _tell(works: Iterable[Work]) -> None:
    """The owners, each once, and those who look at lists."""
    told = list(works)
    if told:
        hint(WORKS_CHANNEL)
    for kind, owner_id in sorted({(work.owner_kind, work.owner_id) for work in told}):
        observed.notify(kind, owner_id)


def _verdict(outcome: Outcome) -> Verdict:
    """The health of the whole: the worst of its objects; what could not be attempted keeps it from being Healthy."""
    assignment = outcome.assignment
    if assignment.retired:
        return Verdict(Health.PROGRESSING, "Removing", "Is being removed.")
    if outcome.waiting:
        return Verdict(Health.PROGRESSING, "WaitingForWork", outcome.conditions[0].message)
    found = worst(outcome.verdicts.values())
    if outcome.failed and found.settled:
        failure = outcome.conditions[-1]
        return Verdict(Health.DEGRADED, failure.reason, failure.message)
    return found


def _conditions(
    present: list[dict[str, Any]], outcome: Outcome, verdict: Verdict, now: datetime
) -> list[dict[str, Any]]:
    """Ready, always; each other type only for as long as an attempt states it."""
    generation = outcome.assignment.generation
    # What nothing waits for is no matter of Ready: it has a condition of its own.
    said = verdict if verdict.awaited else Verdict(Health.HEALTHY, "Delivered", "All is delivered.")
    ready = Condition(
        "Ready", "True" if said.settled else "False", said.reason or str(said.health),
        said.message[:2000], observed_generation=generation,
    )  # fmt: skip
    stated = _joined(outcome.conditions)
    if outcome.assignment.late and not verdict.settled:
        message = f"Not Healthy by its deadline: {verdict.message or verdict.reason}"
        stated["DeadlineExceeded"] = Condition(
            "DeadlineExceeded", "True", verdict.reason or "NotHealthy", message[:2000], generation
        )
    conditions = [each for each in present if each.get("type") in stated or each.get("type") == "Ready"]
    for condition in (ready, *stated.values()):
        conditions = set_condition(conditions, condition, now=now)
    return conditions


def _joined(conditions: Iterable[Condition]) -> dict[str, Condition]:
    """One condition a type, the messages of several in a steady order: objects are attempted in none."""
    by_type: dict[str, list[Condition]] = {}
    for each in sorted(conditions, key=lambda each: (each.message, each.reason)):
        by_type.setdefault(each.type, []).append(each)
    return {
        type_: replace(said[0], message=" ".join(dict.fromkeys(each.message for each in said))[:2000])
        for type_, said in by_type.items()
    }


def _schedule(work: Work, outcome: Outcome, now: datetime, *, settled: bool) -> None:
    """When to look again. A failure backs off, and only an edit may come before that."""
    nudged = work.nudges != outcome.assignment.nudges
    work.not_before = None
    if settled:
        work.lane = max(work.lane, Lane.DRIFT if nudged else Lane.SWEEP)
    if outcome.failed:
        work.attempts += 1
        work.not_before = work.next_check_at = now + timedelta(seconds=_back_off(work, outcome))
        return
    work.attempts = 0
    if nudged:
        return  # something came during the attempt: due still
    if outcome.waiting:
        seconds = WAIT_SECONDS
    elif outcome.going:
        seconds = REMOVE_SECONDS
    elif outcome.kept:
        seconds = WAIT_SECONDS
    elif settled or outcome.assignment.late:
        work.next_check_at = next_sweep(work.cluster_id, now)
        return
    else:
        seconds = PROGRESS_SECONDS
    work.next_check_at = now + timedelta(seconds=seconds)


def _back_off(work: Work, outcome: Outcome) -> float:
    longest = min(LONGEST_BACK_OFF, 2.0 ** min(work.attempts, 16))
    return max(longest * random.uniform(0.5, 1.0), outcome.retry_after)  # noqa: S311 - no secret, only spread
