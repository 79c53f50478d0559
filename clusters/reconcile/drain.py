"""Drains what is due: leases clusters, drives them at once in one event loop, hands back after 20 s.

One cluster that hangs, refuses or turns out to be another ends its own part alone; one Work that fails in a way nobody
thought of backs off alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q
from django.db.models.functions import Now

from clusters import breaker, bulk, lease
from clusters.conditions import FENCE_MISSING
from clusters.due import deliverable, queue
from clusters.faults import AddressNotAllowed, ApiRefused, NoDescriptors, Unreachable
from clusters.kinds import Kinds
from clusters.lease import Held
from clusters.models import Cluster, Lane
from clusters.reconcile.choose import choose
from clusters.reconcile.deliver import deliver
from clusters.reconcile.glance import glance
from clusters.reconcile.outcome import Assignment, Outcome
from clusters.reconcile.record import record
from clusters.reconcile.remove import remove
from clusters.reconcile.wire import IdentityChanged, LeaseLost, OutOfTime, Wire
from clusters.sessions import NoCredential, Sessions, access_for
from clusters.threads import in_thread
from clusters.wake import wake
from paas.core.conditions import get_condition

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 20.0
LAST_ADMISSION_SECONDS = 2.0
REST_SECONDS = 0.25  # how long a cluster is left alone in which a service still held what was due, or that failed
ADMIT_SECONDS = 0.05  # how long a newly due cluster waits while others are driven
LOOK_SECONDS = 0.25  # the same of a Work; mostly an attempt that ends brings the next look sooner
CLUSTERS_AT_ONCE = 16
WORKS_AT_ONCE = 32  # more than the wire carries: it stays busy while what ended is recorded
TOGETHER = 12
GATHER_SECONDS = 0.3  # a dozen Works of a few objects take a busy wire that long

ClusterAtFault = (Unreachable, AddressNotAllowed, IdentityChanged, ApiRefused, NoCredential)


def due_clusters(*, busy: set[UUID], limit: int) -> list[UUID]:
    """Clusters with due Works that nobody drives, the most urgent lane first."""
    return [found for found, *_ in bulk.read(*_due_clusters()) if found not in busy][:limit]


@cache
def _due_clusters() -> tuple[str, tuple[Any, ...]]:
    """The statement and its values, which are always the same: a drain looks twenty times a second."""
    free = Q(cluster__lease__isnull=True) | Q(cluster__lease__until=None) | Q(cluster__lease__until__lt=Now())
    rows = queue().filter(free).order_by().values("cluster_id")
    rows = rows.annotate(first=Min("lane"), since=Min("next_check_at")).order_by("first", "since")
    return rows.query.sql_with_params()


async def drain_due(sessions: Sessions) -> None:
    """Drive up to 16 due clusters at once, admitting due ones as places free, till nothing is due or time is up."""
    deadline = time.monotonic() + DRAIN_SECONDS
    parts: dict[UUID, asyncio.Task[float]] = {}
    resting: dict[UUID, float] = {}
    try:
        while True:
            now = time.monotonic()
            resting |= {each: now + task.result() for each, task in parts.items() if task.done()}
            parts = {each: task for each, task in parts.items() if not task.done()}
            busy = set(parts) | {each for each, until in resting.items() if until > now}
            free = CLUSTERS_AT_ONCE - len(parts)
            if free and now < deadline - LAST_ADMISSION_SECONDS:
                for cluster_id in await in_thread(due_clusters, busy=busy, limit=free):
                    part = _part(sessions, cluster_id, deadline)
                    parts[cluster_id] = asyncio.create_task(part, name=f"drain {cluster_id}")
            if not parts:
                return
            await asyncio.wait(parts.values(), timeout=ADMIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(parts.values())


async def _part(sessions: Sessions, cluster_id: UUID, deadline: float) -> float:
    """One cluster's part: take the lease, drain, give it back, look once more. Raises nothing.

    Returns for how many seconds this drain is to leave the cluster alone: for a moment where there was nothing to do
    after all (a service holds what is due), for good where this process has no descriptor left to reach it.
    """
    try:
        held = await in_thread(lease.take, cluster_id, f"{socket.gethostname()[:30]}:{os.getpid()}")
        if held is None:
            return 0.0  # another was faster; while it drives, the cluster is not among the due ones
        drain = _Drain(sessions, held, deadline)
        try:
            await drain.run()
        except NoDescriptors:
            # Of this process alone: another, or the next sweep, goes on.
            await in_thread(lease.release, drain.held, clean=drain.clean)
            return DRAIN_SECONDS
        except ClusterAtFault as fault:
            log.warning("cluster_fault", cluster=str(cluster_id), fault=str(fault), kind=type(fault).__name__)
            await in_thread(_tell_breaker, cluster_id, fault)
            drain.attempted = True
        await in_thread(lease.release, drain.held, clean=drain.clean)
        await in_thread(_look_again, cluster_id)
        return 0.0 if drain.attempted else REST_SECONDS
    except LeaseLost:
        log.warning("lease_lost", cluster=str(cluster_id))
    except Exception:
        # The lease runs out by itself, and who takes it then trusts nothing.
        log.exception("drain_failed", cluster=str(cluster_id))
    return REST_SECONDS


def _tell_breaker(cluster_id: UUID, fault: Exception) -> None:
    if isinstance(fault, ApiRefused) and fault.busy:
        breaker.hold_off(cluster_id, fault.retry_after or breaker.FIRST_SECONDS)
    else:
        breaker.record_failure(cluster_id)


def _look_again(cluster_id: UUID) -> None:
    """What became due between our last look and the release found the lease taken, so ring for it.

    Who holds a Work just now rings himself when he commits.
    """
    with transaction.atomic():
        left = queue().filter(cluster_id=cluster_id).order_by("lane")
        work = left.select_for_update(skip_locked=True, of=("self",)).first()
    if work is not None:
        wake(Lane(work.lane))


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


class _Drain:
    """The part of a drain that drives one cluster under one lease."""

    def __init__(self, sessions: Sessions, held: Held, deadline: float) -> None:
        self._sessions = sessions
        self._deadline = deadline
        self._taken = held
        self._wire: Wire | None = None
        self._fault: BaseException | None = None
        self._exhausted = False
        self.attempted = False
        self._running: dict[asyncio.Task[Outcome], UUID] = {}

    @property
    def held(self) -> Held:
        """The lease with its present epoch."""
        return self._wire.held if self._wire else self._taken

    @property
    def clean(self) -> bool:
        """Whether no write may still arrive: none of ours is unanswered, and what we inherited was all gone through."""
        if self._wire is None:
            return not self._taken.inherited
        return not self._wire.unanswered and (self._exhausted or not self._taken.inherited)

    async def run(self) -> None:
        """Drain until nothing is due, the time is up or the cluster fails; raises what ended it."""
        cluster = await in_thread(_deliverable, self._taken.cluster_id)
        if cluster is None:
            return
        client = await self._sessions.get(await in_thread(access_for, cluster))
        missing = get_condition(cluster.conditions, FENCE_MISSING)
        self._wire = Wire(
            client, Kinds(cluster.resources), self._taken, identity=cluster.identity or "",
            fenced=missing is not None and missing["status"] == "False", deadline=self._deadline,
            nodes=cluster.facts.get("nodes", ()),
        )  # fmt: skip
        renewing = asyncio.create_task(self._renew())
        driving = asyncio.create_task(self._drive(self._wire))
        try:
            await asyncio.wait((renewing, driving), return_when=asyncio.FIRST_COMPLETED)
            if renewing.done():
                renewing.result()
            await driving
        finally:
            # Where the lease was lost, what is on its way ends here and nothing more is sent.
            await _end((renewing, driving))
            await _end(self._running)

    async def _drive(self, wire: Wire) -> None:
        with contextlib.suppress(OutOfTime):
            await wire.confirm_identity()
            await self._loop(wire)
        if self._fault is not None:
            raise self._fault

    async def _loop(self, wire: Wire) -> None:
        """Fill free places with the most urgent due Works; record those that ended, together.

        What a sweep made due waits for the glance, which spares most of them an attempt.
        """
        glancing = asyncio.create_task(self._glance(wire))
        try:
            while True:
                glanced = glancing.done()
                await self._fill(wire, Lane.SWEEP if glanced else Lane.DRIFT)
                waited = {*self._running, *(() if glanced else (glancing,))}
                if not waited:
                    return glancing.result()
                await asyncio.wait(waited, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                await self._gather()
                attempts = [task for task in self._running if task.done()]
                if attempts:
                    await in_thread(record, self.held, [task.result() for task in attempts])
                for task in attempts:
                    del self._running[task]
        finally:
            await _end([glancing])

    async def _gather(self) -> None:
        """Let a few more end while enough are under way to keep the wire busy: one transaction records them."""
        until = time.monotonic() + GATHER_SECONDS
        while (left := [task for task in self._running if not task.done()]) and (wait := until - time.monotonic()) > 0:
            if len(left) <= WORKS_AT_ONCE - TOGETHER:
                return
            await asyncio.wait(left, timeout=wait, return_when=asyncio.FIRST_COMPLETED)

    async def _fill(self, wire: Wire, last: Lane) -> None:
        """Start the next due Works of the lanes up to `last`."""
        free = WORKS_AT_ONCE - len(self._running)
        if free and self._fault is None and wire.remaining > 0:
            busy = set(self._running.values())
            for assignment in await in_thread(choose, self.held, busy=busy, limit=free, last=last):
                self._running[asyncio.create_task(self._attempt(wire, assignment))] = assignment.work_id
            self._exhausted = last is Lane.SWEEP and not self._running
            self.attempted = self.attempted or bool(self._running)

    async def _glance(self, wire: Wire) -> None:
        """What it cannot tell is told by the attempts; what ends it as a whole ends the drain."""
        try:
            if await glance(wire):
                self.attempted = True
        except (Unreachable, AddressNotAllowed, LeaseLost) as fault:
            self._fault = fault
        except OutOfTime:
            pass
        except ApiRefused as refusal:
            if refusal.unauthorized:
                self._fault = refusal

    async def _attempt(self, wire: Wire, assignment: Assignment) -> Outcome:
        """One Work; whatever ends it, the outcome says what was done and is recorded."""
        outcome = Outcome(assignment, dict(assignment.rows))
        try:
            digest_key = settings.DOUGONG.digest_key.get_secret_value().encode()
            await (remove if assignment.retired else deliver)(wire, outcome, digest_key)
        except (Unreachable, AddressNotAllowed, IdentityChanged, LeaseLost) as fault:
            self._fault, outcome.interrupted = fault, True
        except OutOfTime:
            outcome.interrupted = True
        except ApiRefused as refusal:
            if refusal.unauthorized:
                self._fault, outcome.interrupted = refusal, True
            else:
                outcome.refused("ReadFailed", refusal)
        except Exception as fault:
            log.exception("attempt_failed", work=str(assignment.work_id))
            message = f"A fault of Dougong's own ({type(fault).__name__}); its log tells more."
            outcome.fail("AttemptFailed", "InternalError", message)
        return outcome

    async def _renew(self) -> None:
        """Keep the lease; ends only by raising."""
        while True:
            await asyncio.sleep(lease.RENEW_SECONDS)
            if not await in_thread(lease.renew, self.held):
                raise LeaseLost


def _deliverable(cluster_id: UUID) -> Cluster | None:
    """The cluster, unless nothing may be delivered to it any more."""
    return Cluster.objects.filter(deliverable(), pk=cluster_id).first()
