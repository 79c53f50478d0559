"""PostgreSQL ends every connection again and again while the loop writes: nothing is recorded in half."""

import threading
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.models.functions import Now

from clusters.fields import live_digest
from clusters.manifests import FIELD_MANAGER, ObjectId, claim_of
from clusters.models import Lease, OwnedObject, Work
from tests.clusters.reconcile.faults.postgresql import drop_connections

WORKS, ROUNDS = 6, 5


def test_nothing_is_half_recorded(submit, until, healthy, ground, config, drain, cluster, admin):
    work = submit("ground", ground)
    until(lambda: healthy(work))
    over, dropped = threading.Event(), []

    def drop():
        while not over.wait(0.05):
            dropped.append(drop_connections())

    for number in range(ROUNDS):
        works = [
            submit(f"{each}", [config(f"{each}-{name}", key=str(number)) for name in "abc"]) for each in range(WORKS)
        ]
        over.clear()
        dropping = threading.Thread(target=drop)
        dropping.start()
        try:
            drain()
        except DatabaseError:
            pass  # a task of Celery that ends; the next ring starts another
        finally:
            over.set()
            dropping.join()
            connection.close()  # this thread's own was dropped too
        # A worker that could not give its lease back is not waited for.
        Lease.objects.filter(cluster=cluster).update(until=Now() - timedelta(seconds=1))
    assert sum(dropped) > 0
    until(lambda: healthy(*works))
    for row in OwnedObject.objects.filter(work__in=works):
        live = admin.get(ObjectId.parse(row.oid))
        assert live["data"] == {"key": str(ROUNDS - 1)}
        assert (row.uid, row.claim) == (live["metadata"]["uid"], claim_of(live))
        assert row.live_digest == live_digest(live, FIELD_MANAGER)
    assert OwnedObject.objects.filter(work__in=works).count() == WORKS * 3
    assert not Work.objects.exclude(attempts=0)
