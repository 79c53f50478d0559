"""A worker is stopped (SIGSTOP) past its lease while a newer release goes out; what it does late does no harm.

Either its write is on the wire meanwhile and arrives late, or it wakes up between two requests and takes the lease for
its own. The lease runs out by the database's clock: the test sets its end back.
"""

import asyncio
import itertools
import signal
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from clusters.manifests import ANNOTATION_EPOCH
from clusters.models import Lease, OwnedObject, Work
from clusters.watch.notice import Notices
from clusters.watch.stream import Change
from tests.fault_proxy import After, Before


class Frost:
    """A script of the proxy: stops the worker at the request that it `picks`, and holds that till it is thawed."""

    def __init__(self, worker, picks, fault):
        self.worker, self.picks, self.fault = worker, picks, fault
        self.frozen, self.thawed = threading.Event(), threading.Event()
        self.request = None

    def __call__(self, request):
        if self.request is None and self.picks(request):
            self.request = request
            return self.fault(self.freeze)
        return None

    async def freeze(self, _request):
        self.worker.send(signal.SIGSTOP)
        self.frozen.set()
        await asyncio.to_thread(self.thawed.wait)

    def thaw(self):
        self.thawed.set()
        with suppress(ProcessLookupError):  # it has gone on, to its end
            self.worker.send(signal.SIGCONT)


@pytest.fixture
def say(submit, ground, config):
    """say(a="1", b="2") makes these ConfigMaps the desired state; `b` is of a later phase."""

    def make(**values):
        configs = [config(name, phase=3 if name == "b" else None, key=value) for name, value in values.items()]
        return submit("application", [*ground, *configs])

    return make


@pytest.fixture
def sleeper(proxied, workers, cluster):
    """sleeper("PATCH", "/a", Before): a worker that froze there and has lost its lease → a call that lets it go on.

    That call says which request it was, once the worker has ended.
    """
    proxy, _ = proxied
    frosts = []

    def start(method, name, fault, nth=1):
        worker, met = workers.fork(), itertools.count(1)
        frost = Frost(worker, lambda it: it.method == method and name in it.path and next(met) == nth, fault)
        frosts.append(frost)
        proxy.script = frost
        worker.go()
        assert frost.frozen.wait(30)
        Lease.objects.filter(cluster=cluster).update(until=Now() - timedelta(seconds=1))

        def go_on():
            frost.thaw()
            assert worker.ended() == 0
            assert frost.request.answered.wait(30)  # it may have given up its request for lost before
            return frost.request

        return go_on

    yield start
    for frost in frosts:
        frost.thaw()


@pytest.fixture
def records():
    """What the database says of Works and objects, without the schedule."""

    def read():
        works = Work.objects.order_by("name").values("observed_generation", "settled_generation", "health")
        rows = OwnedObject.objects.order_by("oid", "gone_at").values("oid", "uid", "sent_digest", "gone_at")
        return list(works), list(rows)

    return read


def data(live):
    return live and live["data"]["key"]


@pytest.mark.parametrize("old", [{"a": "old"}, {"a": "1", "b": "old"}], ids=["update", "create"])
def test_a_write_that_arrives_late_is_refused(say, until, healthy, sleeper, drain, live, records, old):
    name = "b" if "b" in old else "a"
    work = say(a="1")
    until(lambda: healthy(work))
    say(**old)
    go_on = sleeper("PATCH", f"/{name}?", Before)
    work = say(**{**old, name: "new"})
    until(lambda: healthy(work))
    before, recorded = live("ConfigMap", name), records()
    request = go_on()
    assert request.status == 403
    assert live("ConfigMap", name) == before
    assert data(before) == "new"
    assert records() == recorded


def test_a_delete_that_arrives_late_is_refused(say, until, healthy, sleeper, live, records):
    work = say(a="1", b="1")
    until(lambda: healthy(work))
    say(a="1")
    go_on = sleeper("DELETE", "/b", Before)
    work = say(a="1", b="1")
    until(lambda: healthy(work))
    before, recorded = live("ConfigMap", "b"), records()
    request = go_on()
    assert request.status == 409
    assert live("ConfigMap", "b") == before
    assert records() == recorded


def test_a_create_that_arrives_late_is_taken_away_again(say, until, healthy, sleeper, live, cluster, gone):
    """Nothing on the cluster can refuse it: the object is not there, and its claim was ours. Its tombstone tells."""
    work = say(a="1")
    until(lambda: healthy(work))
    say(a="1", b="old")
    go_on = sleeper("PATCH", "/b?", Before)
    work = say(a="1")
    until(lambda: healthy(work))
    assert not OwnedObject.objects.filter(work=work, oid__endswith="/b", gone_at=None)
    request = go_on()
    assert request.status == 201
    notices = Notices()
    notices.add([Change(cluster.pk, live("ConfigMap", "b"))])  # as the watcher does
    notices.judge()
    until(lambda: not Work.objects.filter(owner_kind="cluster"))
    assert live("ConfigMap", "b") is None
    assert data(live("ConfigMap", "a")) == "1"


def test_who_wakes_up_between_two_writes_writes_no_more(say, until, healthy, sleeper, live, records):
    work = say(a="1", b="1")
    until(lambda: healthy(work))
    say(a="old", b="old")
    go_on = sleeper("PATCH", "/a?", After)
    work = say(a="new", b="new")
    until(lambda: healthy(work))
    before, recorded = [live("ConfigMap", name) for name in "ab"], records()
    go_on()
    assert [live("ConfigMap", name) for name in "ab"] == before
    assert [data(each) for each in before] == ["new", "new"]
    assert len({each["metadata"]["annotations"][ANNOTATION_EPOCH] for each in before}) == 1
    assert records() == recorded


@pytest.mark.parametrize("answer", ["heard", "lost"])
def test_who_wakes_up_before_a_delete_deletes_nothing(say, until, healthy, sleeper, live, records, proxied, answer):
    """It means to delete what it has read, and where its connection broke meanwhile, reads it again: written anew."""
    work = say(a="1", b="1")
    until(lambda: healthy(work))
    say(a="1")
    go_on = sleeper("GET", "/b", After, nth=2)
    work = say(a="1", b="1")
    until(lambda: healthy(work))
    before, recorded = live("ConfigMap", "b"), records()
    if answer == "lost":
        proxied[0].accept()  # cuts what is connected
    go_on()
    assert live("ConfigMap", "b") == before
    assert records() == recorded
