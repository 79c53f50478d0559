"""A cluster that is away, hangs, or refuses ends its own part: its Works keep their place, the others never notice."""

import itertools
import socket
import threading

import pytest
from django.db import transaction

from clusters import resolve
from clusters.faults import ApiRefused
from clusters.models import Cluster, ClusterCredential, Lease, Work
from clusters.reconcile import drain as draining


@pytest.fixture
def bad(granted, networks):
    """bad("https://127.0.0.1:1") → a registered cluster at that address."""

    def make(server, name="bad"):
        row = Cluster.objects.create(name=name, server=server, ca_data=granted["east"][1], identity=name)
        ClusterCredential.objects.create(cluster=row, token="a token")
        return row

    return make


@pytest.fixture
def hanging():
    """The address of a server that accepts every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def schedule(work):
    return Work.objects.values_list("next_check_at", "attempts", "lane", "observed_generation").get(pk=work.pk)


def test_one_that_is_away_opens_its_breaker_and_keeps_its_works_due(bad, submit, drain, healthy, ground, config):
    away = bad("https://127.0.0.1:1")
    waiting = submit("application", [config("a", key="1")], cluster=away)
    served = submit("application", [*ground, config("a", key="1")])
    before = schedule(waiting)
    drain()
    assert healthy(served)
    assert schedule(waiting) == before
    away.refresh_from_db()
    assert away.failures == 3
    assert away.breaker_until is not None
    assert Lease.objects.get(cluster=away).until is None


def test_one_that_hangs_holds_nobody_up(bad, hanging, submit, drain, until, healthy, ground, config):
    hung = bad(hanging)
    Cluster.objects.filter(pk=hung.pk).update(failures=2)  # the first of its faults opens the breaker
    waiting = submit("application", [config("a", key="1")], cluster=hung)
    served = submit("application", [*ground, config("a", key="1")])
    before = schedule(waiting)
    beside = threading.Thread(target=drain)
    beside.start()
    polled = threading.Event()
    while beside.is_alive() and not healthy(served):
        polled.wait(0.02)
    assert beside.is_alive(), "the other cluster was served while this one hung"
    assert healthy(served)
    beside.join()
    assert schedule(waiting) == before


def test_one_that_no_longer_takes_our_token_is_left_alone(cluster, submit, drain, ground):
    work = submit("ground", ground)
    credential = ClusterCredential.objects.get(cluster=cluster)
    credential.token = "no-longer-taken"
    credential.save()
    before = schedule(work)
    drain()
    cluster.refresh_from_db()
    assert cluster.breaker_until is not None
    assert schedule(work) == before


def test_one_without_a_credential_is_left_alone(bad, submit, drain, config):
    away = bad("https://127.0.0.1:1")
    ClusterCredential.objects.all().delete()
    submit("application", [config("a", key="1")], cluster=away)
    drain()
    away.refresh_from_db()
    assert away.breaker_until is not None


def test_one_whose_conditions_forbid_delivery_is_not_even_leased(cluster, submit, drain, ground):
    Cluster.objects.update(conditions=[{"type": "VersionSupported", "status": "False"}])
    submit("ground", ground)
    drain()
    assert not Lease.objects.exists()


@pytest.fixture
def impatient(admin, namespace):
    """impatient() lets the server answer 429 to all but one of our writes of ConfigMaps at a time (flow control)."""
    path, made = "/apis/flowcontrol.apiserver.k8s.io/v1", []
    shares = {"nominalConcurrencyShares": 0, "lendablePercent": 0, "borrowingLimitPercent": 0}
    limited = {**shares, "limitResponse": {"type": "Reject"}}
    writer = {"name": "dougong-writer", "namespace": "dougong-system"}
    writes = {"verbs": ["patch"], "apiGroups": [""], "resources": ["configmaps"], "namespaces": [namespace]}
    rule = {"subjects": [{"kind": "ServiceAccount", "serviceAccount": writer}], "resourceRules": [writes]}
    flow = {"priorityLevelConfiguration": {"name": namespace}, "matchingPrecedence": 2, "rules": [rule]}

    def create(plural, kind, spec):
        body = {"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": kind, "metadata": {"name": namespace}}
        admin.request("POST", f"{path}/{plural}", {**body, "spec": spec})
        made.append(f"{path}/{plural}/{namespace}")

    def start():
        level = {"type": "Limited", "limited": limited}
        create("prioritylevelconfigurations", "PriorityLevelConfiguration", level)
        create("flowschemas", "FlowSchema", flow)

    def stop():
        while made:
            admin.request("DELETE", made.pop())

    start.stop = stop
    yield start
    stop()


def test_a_server_that_asks_for_patience_gets_it(impatient, cluster, submit, until, healthy, ground, config, condition):
    base = submit("ground", ground)
    until(lambda: healthy(base))
    impatient()
    edits = itertools.count()

    def many():
        """The jailed flow has one place, and we send twelve at once."""
        return [config(f"a{number}", edit=str(next(edits))) for number in range(24)]

    work = submit("application", many())

    def refused():
        if (condition(work, "ApplyFailed") or {}).get("reason") == "TooManyRequests":
            return True
        submit("application", many())  # until the server has taken up its new rule, each write gets through
        return False

    until(refused)
    work.refresh_from_db()
    assert work.next_check_at == work.not_before
    cluster.refresh_from_db()
    assert cluster.failures == 0, "a request for patience is no failure"
    impatient.stop()
    until(lambda: healthy(work))


@pytest.mark.parametrize(
    ("header", "answer", "seconds"),
    [
        ("7", {}, 7.0),
        (None, {"details": {"retryAfterSeconds": 3}}, 3),
        ("Wed, 21 Oct 2026 07:28:00 GMT", {}, None),
        (None, "busy", None),
    ],
)
def test_how_long_a_server_asks_to_wait(header, answer, seconds):
    refusal = ApiRefused.of(429, answer, header)
    assert refusal.retry_after == seconds
    assert refusal.transient


def test_a_work_that_fails_in_a_way_nobody_thought_of_backs_off_alone(
    submit, drain, healthy, condition, monkeypatch, ground, config, secret
):
    def broken(rest):
        raise ZeroDivisionError(rest)

    monkeypatch.setitem(resolve._resolvers, "test", broken)
    base = submit("ground", ground)
    drain()
    poisoned = submit("poisoned", [secret("keys", key="test:canary")])
    fine = submit("fine", [config("a", key="1")])
    drain()
    assert healthy(base, fine)
    assert condition(poisoned, "AttemptFailed")["reason"] == "InternalError"
    assert "canary" not in condition(poisoned, "AttemptFailed")["message"]
    poisoned.refresh_from_db()
    assert poisoned.not_before is not None


def test_a_drain_that_cannot_record_lets_its_lease_run_out(cluster, submit, drain, monkeypatch, ground):
    def down(*_):
        raise RuntimeError("the database is away")

    monkeypatch.setattr(draining, "record", down)
    submit("ground", ground)
    drain()
    held = Lease.objects.get(cluster=cluster)
    assert held.until is not None
    assert held.holder


def test_a_work_that_a_service_holds_just_now_is_not_asked_for_again_and_again(cluster, submit, drain, ground):
    work = submit("ground", ground)
    with transaction.atomic():
        Work.objects.select_for_update().get(pk=work.pk)
        beside = threading.Thread(target=drain)
        beside.start()
        beside.join()
    assert Lease.objects.get(cluster=cluster).epoch == 1, "it was looked at once; who holds it rings when he is done"
