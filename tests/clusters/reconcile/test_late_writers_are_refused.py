"""Two workers, one cluster: the later one wins at the member itself, and the earlier one records nothing."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from clusters import lease, resolve
from clusters.client import ClusterClient
from clusters.kinds import Kinds
from clusters.manifests import ANNOTATION_EPOCH
from clusters.models import Lease, OwnedObject, Work
from clusters.reconcile.choose import choose
from clusters.reconcile.deliver import deliver
from clusters.reconcile.outcome import Outcome
from clusters.reconcile.record import record
from clusters.reconcile.wire import LeaseLost, Wire
from clusters.sessions import endpoint_for

KEY = b"a digest key of the tests"


@pytest.fixture
def delivered(submit, until, healthy, ground, config):
    work = submit("application", [*ground, config("a", key="1")])
    until(lambda: healthy(work))
    return work


@pytest.fixture
def attempt(cluster):
    """attempt(held, assignment) delivers as the holder of that lease → its Outcome."""

    endpoint = endpoint_for(cluster)

    async def once(held, assignment):
        client = ClusterClient(endpoint)
        wire = Wire(
            client, Kinds(cluster.resources), held, identity=cluster.identity, fenced=True,
            deadline=time.monotonic() + 20,
        )  # fmt: skip
        outcome = Outcome(assignment, dict(assignment.rows))
        try:
            await deliver(wire, outcome, KEY)
        finally:
            await client.close()
        return outcome

    return lambda held, assignment: asyncio.run(once(held, assignment))


def epoch(live):
    return int(live["metadata"]["annotations"][ANNOTATION_EPOCH])


def let_expire(cluster):
    Lease.objects.filter(cluster=cluster).update(until=Now() - timedelta(seconds=1))


def test_a_writer_that_slept_through_its_lease_is_refused(
    delivered, submit, cluster, config, ground, make_due, attempt, drain, live
):
    submit("application", [*ground, config("a", key="old")])
    held = lease.take(cluster.pk, "sleeper")
    (assignment,) = choose(held, busy=[], limit=8)
    let_expire(cluster)  # it is stopped here, with the older generation in its hands
    submit("application", [*ground, config("a", key="new")])
    drain()
    after = live("ConfigMap", "a")
    with pytest.raises(LeaseLost):
        attempt(held, assignment)
    assert live("ConfigMap", "a") == after
    assert after["data"] == {"key": "new"}


def test_who_lost_the_lease_records_nothing(delivered, submit, cluster, config, ground, attempt):
    submit("application", [*ground, config("a", key="2")])
    held = lease.take(cluster.pk, "sleeper")
    (assignment,) = choose(held, busy=[], limit=8)
    outcome = attempt(held, assignment)
    let_expire(cluster)
    before = list(OwnedObject.objects.order_by("oid").values()), list(Work.objects.values())
    with pytest.raises(LeaseLost):
        record(held, [outcome])
    assert (list(OwnedObject.objects.order_by("oid").values()), list(Work.objects.values())) == before


def test_who_lost_the_lease_chooses_nothing(delivered, cluster, make_due):
    held = lease.take(cluster.pk, "sleeper")
    let_expire(cluster)
    make_due()
    with pytest.raises(LeaseLost):
        choose(held, busy=[], limit=8)


def test_after_a_restored_database_the_epoch_is_lifted_above_what_lives(
    delivered, submit, cluster, config, ground, admin, oid, drain, healthy, live
):
    admin.merge(oid("ConfigMap", "a"), {"metadata": {"annotations": {ANNOTATION_EPOCH: "5000"}}})
    work = submit("application", [*ground, config("a", key="2")])
    drain()
    assert live("ConfigMap", "a")["data"] == {"key": "2"}
    assert epoch(live("ConfigMap", "a")) == 5001 == Lease.objects.get(cluster=cluster).epoch
    assert healthy(work)


def test_a_drain_that_lifted_its_epoch_goes_on_and_gives_the_lease_back(
    delivered, submit, cluster, config, ground, admin, oid, drain, healthy
):
    admin.merge(oid("ConfigMap", "a"), {"metadata": {"annotations": {ANNOTATION_EPOCH: "5000"}}})
    works = [submit("application", [*ground, config("a", key="2")])]
    works += [submit(f"more-{number}", [config(f"more-{number}", key="1")]) for number in range(5)]
    drain()
    assert healthy(*works)
    assert Lease.objects.get(cluster=cluster).until is None


@pytest.mark.parametrize("said", ["", "seven", "-1", "9" * 30])
def test_an_unreadable_epoch_counts_as_none(delivered, submit, config, ground, admin, oid, drain, live, said):
    admin.merge(oid("ConfigMap", "a"), {"metadata": {"annotations": {ANNOTATION_EPOCH: said}}})
    submit("application", [*ground, config("a", key="2")])
    drain()
    assert live("ConfigMap", "a")["data"] == {"key": "2"}
    assert epoch(live("ConfigMap", "a")) < 1000


def test_an_inherited_lease_skips_nothing(delivered, cluster, make_due, drain, live):
    before = epoch(live("ConfigMap", "a"))
    lease.take(cluster.pk, "the dead")
    let_expire(cluster)
    make_due()
    drain()
    assert epoch(live("ConfigMap", "a")) == Lease.objects.get(cluster=cluster).epoch > before


def test_what_was_written_under_an_inheritance_is_not_written_again(
    delivered, submit, ground, config, cluster, make_due, drain, live
):
    """A drain that had to end before it had gone through everything: the next goes on, it does not begin anew."""
    lease.take(cluster.pk, "the dead")
    let_expire(cluster)
    make_due()
    drain()
    since = Lease.objects.get(cluster=cluster).epoch
    written = live("ConfigMap", "a")
    assert epoch(written) == since
    Lease.objects.filter(cluster=cluster).update(holder="had to end", trusted_from=since)
    make_due()
    drain()
    assert live("ConfigMap", "a") == written
    assert Lease.objects.get(cluster=cluster).epoch > since


def test_a_released_lease_skips_what_holds(delivered, cluster, sweep, live):
    before = live("ConfigMap", "a")
    sweep()
    assert live("ConfigMap", "a") == before
    assert epoch(before) < Lease.objects.get(cluster=cluster).epoch


def test_nothing_more_is_written_once_the_renewal_finds_the_lease_lost(
    delivered, submit, cluster, ground, config, secret, live, monkeypatch, drain
):
    """The lease is stolen while an attempt waits for the value of a secret; when that comes, nothing is sent."""
    ended = threading.Event()

    def stolen(_rest):
        Lease.objects.filter(cluster=cluster).update(holder="thief")
        ended.wait(10)
        return b"value"

    monkeypatch.setitem(resolve._resolvers, "test", stolen)
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.1)
    work = submit("application", [*ground, config("a", key="1"), secret("keys", key="test:value")])
    drain()
    ended.set()
    assert live("Secret", "keys") is None
    work.refresh_from_db()
    assert work.observed_generation == work.generation - 1
    assert Lease.objects.get(cluster=cluster).holder == "thief"


def test_a_secret_that_a_dead_writer_created_late_is_found_and_removed(
    submit, until, healthy, drain, sweep, ground, config, secret, admin, live, monkeypatch, cluster
):
    """It is never watched: for a day each attempt looks for what was removed."""
    monkeypatch.setitem(resolve._resolvers, "test", lambda _: b"value")
    work = submit("application", [*ground, config("a", key="1"), secret("keys-v1", key="test:value")])
    until(lambda: healthy(work))
    before = live("Secret", "keys-v1")
    submit("application", [*ground, config("a", key="1")])
    drain()
    assert live("Secret", "keys-v1") is None
    metadata = {key: before["metadata"][key] for key in ("name", "namespace", "labels", "annotations")}
    admin.create({**before, "metadata": metadata})
    sweep(3)
    assert live("Secret", "keys-v1") is None
    assert healthy(work)
    assert not Work.objects.filter(owner_kind="cluster").exists()


def test_a_secret_of_a_removed_name_that_is_somebody_else_s_stays(
    submit, until, healthy, drain, sweep, ground, config, secret, admin, live, monkeypatch, namespace
):
    monkeypatch.setitem(resolve._resolvers, "test", lambda _: b"value")
    work = submit("application", [*ground, config("a", key="1"), secret("keys-v1", key="test:value")])
    until(lambda: healthy(work))
    submit("application", [*ground, config("a", key="1")])
    drain()
    theirs = admin.create({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys-v1", "namespace": namespace},
    })  # fmt: skip
    sweep(3)
    assert live("Secret", "keys-v1") == theirs
