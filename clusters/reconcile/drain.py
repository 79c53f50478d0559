"""Drains what is due: leases clusters, drives them at once in one event loop, hands back after 20 s.

One cluster that hangs, refuses or turns out to be another ends its own part alone.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Min, Q
from django.db.models.functions import Now

from clusters import breaker, lease
from clusters.conditions import FENCE_MISSING, NEEDED
from clusters.faults import AddressNotAllowed, ApiRefused, Unreachable
from clusters.kinds import Kinds
from clusters.lease import Held
from clusters.models import Cluster, Lane, Work
from clusters.reconcile.choose import choose, resolved
from clusters.reconcile.deliver import deliver
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
ADMIT_SECONDS = 0.25  # how long a newly due cluster waits while others are driven
CLUSTERS_AT_ONCE = 16
WORKS_AT_ONCE = 12


def due_clusters(*, busy: set[UUID], limit: int) -> list[UUID]:
    """Clusters with due Works that nobody drives, the most urgent lane first."""
    open_ = Q(cluster__suspended=False, cluster__breaker_until=None, cluster__identity__isnull=False)
    free = Q(cluster__lease__isnull=True) | Q(cluster__lease__until=None) | Q(cluster__lease__until__lt=Now())
    rows = (
        Work.objects.filter(open_, free, next_check_at__lte=Now())
        .exclude(cluster_id__in=busy)
        .order_by()
        .values("cluster_id")
        .annotate(first=Min("lane"), since=Min("next_check_at"))
        .order_by("first", "since")
    )
    return [row["cluster_id"] for row in rows[:limit]]


async def drain_due(sessions: Sessions) -> None:
    """Drive up to 16 due clusters at once, admitting newly due ones as places free, until nothing is due or the time is up."""
    deadline = time.monotonic() + DRAIN_SECONDS
    parts: dict[UUID, asyncio.Task[None]] = {}
    while True:
        for cluster_id, task in [*parts.items()]:
            if task.done():
                task.result()
                del parts[cluster_id]
        if time.monotonic() < deadline - LAST_ADMISSION_SECONDS and len(parts) < CLUSTERS_AT_ONCE:
            for cluster_id in await in_thread(due_clusters, busy=set(parts), limit=CLUSTERS_AT_ONCE - len(parts)):
                parts[cluster_id] = asyncio.create_task(
                    _part(sessions, cluster_id, deadline), name=f"drain {cluster_id}"
                )
        if not parts:
            return
        await asyncio.wait(parts.values(), timeout=ADMIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)


async def _part(sessions: Sessions, cluster_id: UUID, deadline: float) -> None:
    """One cluster's part: take the lease, drain, give it back, look once more."""
    held = await in_thread(lease.take, cluster_id, _holder())
    if held is None:
        return
    drain = _Drain(sessions, held, deadline)
    try:
        await drain.run()
    except LeaseLost:
        log.warning("lease_lost", cluster=str(cluster_id), epoch=held.epoch)
        return
    except (Unreachable, AddressNotAllowed, IdentityChanged, ApiRefused, NoCredential) as fault:
        log.warning("cluster_fault", cluster=str(cluster_id), fault=str(fault), kind=type(fault).__name__)
        await in_thread(breaker.record_failure, cluster_id)
    await in_thread(lease.release, drain.held)
    await in_thread(_look_again, cluster_id)


def _holder() -> str:
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def _look_again(cluster_id: UUID) -> None:
    """What became due between our last look and the release found the lease taken, so ring for it."""
    lane = Work.objects.filter(
        cluster_id=cluster_id, cluster__breaker_until=None, cluster__suspended=False, next_check_at__lte=Now()
    ).aggregate(first=Min("lane"))["first"]
    if lane is not None:
        wake(Lane(lane))


class _Drain:
    """The part of a drain that drives one cluster under one lease."""

    def __init__(self, sessions: Sessions, held: Held, deadline: float) -> None:
        self._sessions = sessions
        self._deadline = deadline
        self._taken = held
        self._wire: Wire | None = None
        self._fault: BaseException | None = None
        self._running: dict[asyncio.Task[Outcome], UUID] = {}

    @property
    def held(self) -> Held:
        """The lease with its present epoch."""
        return self._wire.held if self._wire else self._taken

    async def run(self) -> None:
        """Drain until nothing is due, the time is up or the cluster fails; raises what ended it."""
        cluster, client = await self._open()
        if cluster is None:
            return
        renewal = asyncio.create_task(self._renew())
        try:
            assert self._wire is not None and client is not None
            await self._wire.confirm_identity()
            await self._loop()
        except OutOfTime:
            pass
        finally:
            renewal.cancel()
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, renewal, return_exceptions=True)
        if self._fault is not None:
            raise self._fault

    async def _open(self) -> tuple[Cluster | None, Any]:
        cluster = await in_thread(_deliverable, self._taken.cluster_id)
        if cluster is None:
            return None, None
        client = await self._sessions.get(await in_thread(access_for, cluster))
        missing = get_condition(cluster.conditions, FENCE_MISSING)
        self._wire = Wire(
            client, Kinds(cluster.resources), self._taken, identity=cluster.identity or "",
            fenced=missing is not None and missing["status"] == "False", deadline=self._deadline,
        )  # fmt: skip
        return cluster, client

    async def _loop(self) -> None:
        """Fill free places with the most urgent due Works; record those that ended, together."""
        while True:
            free = WORKS_AT_ONCE - len(self._running)
            if free and self._fault is None and self._time_left():
                for assignment in await in_thread(choose, self.held, busy=set(self._running.values()), limit=free):
                    self._running[asyncio.create_task(self._attempt(assignment))] = assignment.work_id
            if not self._running:
                return
            ended, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            outcomes = [task.result() for task in ended]
            await in_thread(record, self.held, outcomes)
            for task in ended:
                del self._running[task]

    def _time_left(self) -> bool:
        return self._wire is not None and self._wire.remaining > 0

    async def _attempt(self, assignment: Assignment) -> Outcome:
        """One Work; whatever ends it, the outcome says what was done and is recorded."""
        assert self._wire is not None
        outcome = Outcome(assignment, dict(assignment.rows))
        try:
            secrets, unavailable = await in_thread(resolved, assignment)
            outcome.assignment = replace(assignment, secrets=secrets, unavailable=unavailable)
            if assignment.retired:
                await remove(self._wire, outcome)
            else:
                await deliver(
                    self._wire, outcome.assignment, outcome, settings.DOUGONG.digest_key.get_secret_value().encode()
                )
        except (Unreachable, AddressNotAllowed, IdentityChanged) as fault:
            self._fault, outcome.interrupted = fault, True
        except OutOfTime:
            outcome.interrupted = True
        except LeaseLost as lost:
            self._fault, outcome.interrupted = lost, True
        except ApiRefused as refusal:
            if refusal.unauthorized:
                self._fault, outcome.interrupted = refusal, True
            else:
                outcome.fail("ApplyFailed", refusal.reason or "Refused", refusal.message)
        return outcome

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(lease.RENEW_SECONDS)
            if not await in_thread(lease.renew, self.held):
                self._fault = LeaseLost()
                return


def _deliverable(cluster_id: UUID) -> Cluster | None:
    """The cluster, unless its conditions say that nothing may be delivered."""
    cluster = Cluster.objects.get(pk=cluster_id)
    stopped = any((entry := get_condition(cluster.conditions, each)) and entry["status"] == "False" for each in NEEDED)
    return None if stopped or cluster.suspended else cluster
