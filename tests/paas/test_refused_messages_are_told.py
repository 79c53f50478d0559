"""What a worker refuses is told to the audit trail in few events, however much it is; where PostgreSQL fails, later.

That a worker does so is in tests/proof/test_forged_messages.py.
"""

import pytest
from django.db import connection

from paas import refused as module
from paas.core.models import AuditEvent
from paas.refused import FIRST_SECONDS, MOST_SECONDS, Refused, Telling

DAY = 24 * 3600

pytestmark = pytest.mark.django_db(transaction=True)


class Worker:
    """Its timer keeps what is to come next, and its hours pass at once."""

    def __init__(self):
        self.timer = self

    def call_after(self, seconds, turn):
        self.wait, self.turn = seconds, turn

    def live(self, seconds, meanwhile):
        while seconds > 0:
            seconds -= self.wait
            meanwhile()
            self.turn()


@pytest.fixture
def refused(monkeypatch):
    found = Refused()
    monkeypatch.setattr(module, "refused", found)
    return found


def counts():
    events = AuditEvent.objects.filter(action="message.refused").order_by("pk")
    return [each.after["messages"] for each in events]


@pytest.fixture
def worker(refused):
    found = Worker()
    Telling(found).start(found)
    return found


def test_a_flood_of_a_day_is_some_thirty_events(refused, worker):
    def flood():
        for _ in range(1000):
            refused.note("sweep", "it is no message")

    worker.live(DAY, flood)
    assert counts() == [1000] * len(counts())
    assert 24 <= len(counts()) <= 32


def test_a_minute_is_waited_again_once_it_is_quiet(refused, worker):
    worker.live(DAY, lambda: refused.note("sweep", "it is no message"))
    assert worker.wait == MOST_SECONDS
    worker.live(1, lambda: None)
    assert worker.wait == FIRST_SECONDS


def test_a_worker_that_ends_tells_the_rest(refused, worker):
    refused.note("edit", "it is packed")
    Telling(worker).stop(worker)
    assert counts() == [1]


def test_what_postgresql_does_not_take_is_told_later(refused):
    refused.note("sweep", "it is no message")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditevent RENAME TO away")
    try:
        refused.tell()
        refused.note("sweep", "it is packed")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO core_auditevent")
    assert counts() == []
    assert refused.tell()
    assert AuditEvent.objects.get(action="message.refused").after["why"] == {"it is no message": 1, "it is packed": 1}
    assert not refused.tell()
    assert counts() == [2]
