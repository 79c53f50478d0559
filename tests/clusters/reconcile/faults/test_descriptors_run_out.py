"""A process has no file descriptor left: it says so, blames no cluster, and goes on once it has some again."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from structlog.testing import capture_logs

from clusters.models import Lease
from clusters.probe import probe_clusters
from clusters.sessions import on_loop, sessions
from tests.clusters.administrator import NETWORKS
from tests.clusters.reconcile.faults.killing import Workers
from tests.descriptors import leave, none_left

NAMES = [f"a{number}" for number in range(6)]
MOST = 60


@pytest.fixture
def told(tmp_path):
    """What the workers log."""
    return tmp_path / "log"


@pytest.fixture
def workers(told):
    with told.open("ab") as log, Workers(NETWORKS, log=log) as made:
        yield made


@pytest.fixture
def unblamed(cluster):
    """Whether the cluster still has a clean record."""

    def look():
        cluster.refresh_from_db()
        reachable = next(each["status"] for each in cluster.conditions if each["type"] == "Reachable")
        return (reachable, cluster.failures, cluster.breaker_until) == ("True", 0, None)

    return look


@pytest.mark.timeout(300)
def test_a_worker_with_any_number_of_descriptors_left(
    workers, told, cluster, submit, drain, healthy, ground, config, live, unblamed, theirs
):
    """From none to enough: before the database, between it and the cluster, in the middle of a delivery."""

    def declare(edit):
        return submit("application", [*ground, *(config(name, edit=edit) for name in NAMES)])

    work = declare("before")
    drain()
    assert healthy(work)
    theirs()
    ends = set()
    for left in range(MOST):
        edit = str(left)
        work = declare(edit)
        work.refresh_from_db()
        before = work.conditions
        told.write_bytes(b"")
        worker = workers.fork()
        leave(worker.pid, left)
        worker.go()
        code = worker.ended()
        work.refresh_from_db()
        assert unblamed(), f"with {left} left"
        if healthy(work):
            ends.add("delivered")
            break
        assert (work.observed_generation, work.health, work.conditions) == (work.generation - 1, "Healthy", before)
        said = told.read_text()
        assert "Too many open files" in said or "OperationalError" in said, f"with {left} left"
        ends.add("no start" if code else "drained")
        Lease.objects.filter(cluster=cluster, until__isnull=False).update(until=Now() - timedelta(seconds=1))
        drain()
        assert healthy(work)
        assert {live("ConfigMap", name)["data"]["edit"] for name in NAMES} == {edit}
    assert ends == {"no start", "drained", "delivered"}
    assert {live("ConfigMap", name)["data"]["edit"] for name in NAMES} == {edit}
    assert theirs.untouched()


def test_a_probe_without_descriptors_says_nothing_of_the_cluster(cluster, unblamed):
    on_loop(sessions().close())  # what is open already needs none
    before = cluster.conditions
    with capture_logs() as said, none_left():
        for _ in range(5):
            assert probe_clusters([cluster.pk]) == []
    assert {each["event"] for each in said if each["log_level"] == "error"} == {"descriptors_ran_out"}
    assert unblamed()
    assert cluster.conditions == before
    [seen] = probe_clusters([cluster.pk])
    assert not seen.locked_out
    assert unblamed()
    on_loop(sessions().close())
