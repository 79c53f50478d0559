"""Messages that a worker did not take, told to the audit trail: counted as they come, one event a queue each time.

Beside `broker`, which notes them. A worker tells a minute after it began; as long as there is something to tell each
time, it waits twice as long before the next, up to an hour. So an event comes soon, and a flood without end makes some
thirty of them a day, for each queue of each worker, however many messages it has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

import structlog
from celery import bootsteps
from django.db import DatabaseError, connection
from django.utils import timezone

from paas.core import audit

log = structlog.get_logger(__name__)

FIRST_SECONDS, MOST_SECONDS = 60, 3600


class Refused:
    """What has been refused since it was told last: why and how often, by queue."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._since: dict[str, datetime] = {}

    def note(self, queue: str, why: str) -> None:
        """One message; the first of a queue is logged as well. `why` is one of a few texts, nothing of the message."""
        if queue not in self._since:
            self._since[queue] = timezone.now()
            log.warning("message_refused", queue=queue, why=why)
        self._counts[queue][why] += 1

    def tell(self) -> bool:
        """Write it down, and whether there was any. What PostgreSQL does not take is kept for the next time."""
        noted = list(self._since.items())
        for queue, since in noted:
            try:
                audit.record_refused_messages(queue, self._counts[queue], since=since)
            except DatabaseError as error:
                log.warning("messages_not_told", queue=queue, error=str(error))
                continue
            del self._since[queue], self._counts[queue]
        return bool(noted)


refused = Refused()


class Telling(bootsteps.StartStopStep):  # type: ignore[misc]  # celery carries no types
    """Of a worker's main process: tells now and then, and once more when the worker ends."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        """Begin."""
        self._later(worker.timer, FIRST_SECONDS)

    def stop(self, worker: Any) -> None:
        """Whatever is left."""
        _tell()

    def _later(self, timer: Any, seconds: int) -> None:
        def turn() -> None:
            told = _tell()
            self._later(timer, min(2 * seconds, MOST_SECONDS) if told else FIRST_SECONDS)

        timer.call_after(seconds, turn)


def _tell() -> bool:
    """The connection is not kept: processes that are forked later are not to inherit it."""
    try:
        return refused.tell()
    finally:
        connection.close()
