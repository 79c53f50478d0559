"""Numbers and chains the events, about once a second, and carries the head of the chain outside the database.

Run by `manage.py seal_audit`; a second one waits its turn. Transactions are sealed in the order of their ids, up to the
oldest that is still running: none with a lower id can come later, so the numbers have no gaps and no second order.
An event whose signature is not ours is sealed as it is, for `verify` to name.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from prometheus_client import Gauge

from paas.core.audit.chain import BEGINNING, seal
from paas.core.audit.keys import keys
from paas.core.audit.outside import Head, Outside, outside
from paas.core.models import AuditEvent

log = structlog.get_logger(__name__)

EVERY_SECONDS = 1.0
BATCH = 2000
LOCK = 0x646F75676F6E67  # of all advisory locks of this database, the sealer's

# What is visible and older than the oldest running transaction. Ids from the future are those of another server, whose
# dump was restored here: they are over as well.
SETTLED = """
    SELECT id, signature FROM core_auditevent WHERE number IS NULL AND (
        transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        OR transaction >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
    ORDER BY transaction, id LIMIT %s
"""
SEAL = """
    UPDATE core_auditevent SET number = new.number, seal = new.seal
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS new (id, number, seal) WHERE core_auditevent.id = new.id
"""

NUMBER = Gauge("dougong_audit_sealed_number", "The number of the last sealed event.")
OUTSIDE = Gauge("dougong_audit_outside_number", "The number of the last head kept outside the database.")


@dataclass
class Sealer:
    """One sealer; `kept` is the number of the last head it knows to be outside."""

    store: Outside
    kept: int | None = None

    def run(self, stop: threading.Event) -> None:
        """Seal until told to stop. What fails is tried again with the next turn."""
        while True:
            try:
                while self.turn() == BATCH:
                    pass
            except (OperationalError, InterfaceError) as error:
                log.warning("audit_not_sealed", error=str(error))
                connection.close()
            except Exception:
                log.exception("audit_head_not_kept")
            if stop.wait(EVERY_SECONDS):
                return

    def turn(self) -> int:
        """Seal what is settled, then keep the head; returns how many events were sealed.

        The head is kept after the commit, so that it never tells of what is not there; a crash between the two is made
        good by the next turn.
        """
        sealed = _seal()
        self._keep()
        return sealed

    def _keep(self) -> None:
        newest = AuditEvent.objects.filter(number__isnull=False).order_by("-number").values_list("number", "seal")
        if (found := newest.first()) is None:
            return
        number, sealed = int(found[0] or 0), found[1]
        if self.kept is None:
            last = self.store.last()
            self.kept = last.number if last else 0
        if number > self.kept:
            self.store.append(Head(number, sealed, timezone.now().isoformat(timespec="seconds")))
            self.kept = number
        NUMBER.set(number)
        OUTSIDE.set(self.kept)


def _seal() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(SETTLED, [BATCH])
        events = cursor.fetchall()
        if events:
            cursor.execute(SEAL, _chained(events, *_end(cursor)))
        return len(events)


def _end(cursor: Any) -> tuple[int, str]:
    """Number and seal that the chain ends with now."""
    cursor.execute("SELECT number, seal FROM core_auditevent WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1")
    return cursor.fetchone() or (0, BEGINNING)


def _chained(events: list[tuple[int, str]], number: int, before: str) -> tuple[list[int], list[int], list[str]]:
    """Ids, numbers and seals of the events that come next."""
    held = keys()
    numbers, seals = [], []
    for event_id, signed in events:
        number += 1
        before = seal(before, number, event_id, signed, held)
        numbers.append(number)
        seals.append(before)
    return [event_id for event_id, _ in events], numbers, seals


def sealer() -> Sealer:
    """The one that the settings ask for."""
    return Sealer(outside(settings.DOUGONG.audit_outside))
