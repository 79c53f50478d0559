"""The doorbell: tells a lane's workers that something is due. A hint only; losing or doubling it is harmless."""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

from clusters.models import Lane

log = structlog.get_logger(__name__)

RECONCILE_TASK = "clusters.tasks.reconcile_due"


def wake(lane: Lane) -> None:
    """Ring for a lane once the current transaction commits (at once where there is none)."""
    transaction.on_commit(lambda: _ring(lane))


def _ring(lane: Lane) -> None:
    """A message that nobody has taken yet is enough: whoever takes it looks after our commit."""
    try:
        with current_app.producer_pool.acquire(block=True) as producer:
            # The queue of the last lane holds other tasks too.
            if lane is not Lane.SWEEP and producer.channel.queue_declare(lane.label).message_count:
                return
            current_app.send_task(
                RECONCILE_TASK, args=[int(lane)], queue=lane.label, retry=False, ignore_result=True, producer=producer
            )
    except (OperationalError, RedisError, OSError) as fault:
        # The Work table is the queue: the sweep finds what this hint would have hurried.
        log.warning("wake_lost", lane=lane.label, fault=str(fault))
