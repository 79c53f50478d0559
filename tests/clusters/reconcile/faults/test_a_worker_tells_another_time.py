"""Workers whose clocks are ten minutes off: leases, schedule and order are of the database's time.

The clock is shifted within Python (time-machine), which is where all of our code asks for the time; TLS, checked below
it, keeps the right one.
"""

import signal
from datetime import timedelta

import pytest
from django.db import connection

from clusters.models import Lease, Work
from tests.fault_proxy import After

OFF = {"ahead": "+600", "behind": "-600"}
LEASE, SWEEP = timedelta(seconds=31), timedelta(hours=1)


@pytest.fixture
def now():
    """The database's time."""

    def read():
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            return cursor.fetchone()[0]

    return read


@pytest.fixture
def say(submit, ground, config):
    return lambda value: submit("application", [*ground, config("a", key=value)])


@pytest.mark.parametrize("off", [pytest.param(shift, id=name) for name, shift in OFF.items()])
def test_a_dead_worker_s_lease_ends_by_the_database(proxied, cluster, workers, say, until, healthy, live, now, off):
    """Neither is a lease longer or shorter for the clock of who took it, nor is it over sooner for who looks on."""
    proxy, _ = proxied
    work = say("0")
    until(lambda: healthy(work))
    say("1")
    dying = workers.fork()
    proxy.script = lambda request: After(lambda _: dying.send(signal.SIGKILL)) if request.method == "PATCH" else None
    dying.go(off=off)
    assert dying.ended() == -signal.SIGKILL
    proxy.script = lambda _: None
    held = Lease.objects.get(cluster=cluster)
    assert now() < held.until < now() + LEASE
    work = say("2")
    for shift in OFF.values():
        other = workers.fork()
        other.go(off=shift)
        assert other.ended() == 0
    assert Lease.objects.get(cluster=cluster) == held
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    Lease.objects.filter(cluster=cluster).update(until=now() - timedelta(seconds=1))
    other = workers.fork()
    other.go(off=off)
    assert other.ended() == 0
    assert live("ConfigMap", "a")["data"] == {"key": "2"}
    assert healthy(work)


@pytest.mark.parametrize("off", [pytest.param(shift, id=name) for name, shift in OFF.items()])
def test_the_next_look_is_due_by_the_database(cluster, workers, say, until, healthy, submit, config, now, off):
    work = say("0")
    until(lambda: healthy(work))
    work, failing = say("1"), submit("failing", [config("b")], deadline=timedelta(minutes=5))
    worker = workers.fork()
    worker.go(off=off)
    assert worker.ended() == 0
    work.refresh_from_db()
    assert healthy(work)
    assert now() < work.next_check_at < now() + SWEEP
    assert not [each for each in Work.objects.get(pk=failing.pk).conditions if each["type"] == "DeadlineExceeded"]
