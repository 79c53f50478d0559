"""An API server that asks for patience gets it, one that fails by turns is gone on with, one that refuses is quoted."""

import random
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from clusters.due import due
from clusters.models import Cluster, Lane, Lease, Work
from clusters.probe import probe_clusters
from tests.fault_proxy import Answer

BUSY = Answer(429, "Too many requests, please try again later.", {"Retry-After": "120"})


def status(code, reason, message, **details):
    said = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code}
    return Answer(code, {**said, "reason": reason, "message": message, "details": details})


STORM = [
    Answer(429, "Too many requests, please try again later.", {"Retry-After": "1"}),
    status(500, "InternalError", "Internal error occurred: etcd is away"),
    status(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
]


@pytest.fixture
def writes(proxied):
    """writes("a") → the statuses of the answers to our writes of `a` so far."""
    proxy, _ = proxied
    return lambda name: [
        each.status for each in proxy.seen if each.method == "PATCH" and each.path.split("?")[0].endswith(f"/{name}")
    ]


def test_three_in_ten_are_refused(proxied, join, submit, until, drain, healthy, ground, config, live, admins, oid):
    """Seeded; the edits of the other cluster arrive in the first drain."""
    proxy, east = proxied
    west, dice = join("west"), random.Random(20261124)
    proxy.script = lambda _: dice.choice(STORM) if dice.random() < 0.3 else None

    def declare(edit):
        manifests = [*ground, *(config(f"a{number}", edit=edit) for number in range(4))]
        return [submit("application", manifests, cluster=each) for each in (east, west)]

    def calm():
        """Whether it is through; an open breaker has its next probe at once."""
        if Cluster.objects.exclude(breaker_until=None).update(breaker_until=Now()):
            probe_clusters()
        return healthy(here)

    for edit in ("1", "2"):
        here, there = declare(edit)
        drain()
        assert healthy(there)
        until(calm)
        assert {live("ConfigMap", f"a{number}")["data"]["edit"] for number in range(4)} == {edit}
        assert {admins["west"].get(oid("ConfigMap", f"a{number}"))["data"]["edit"] for number in range(4)} == {edit}
    answers = [each.status for each in proxy.seen]
    assert {429, 500, 503} <= set(answers)


def test_a_read_that_fails_once_is_asked_again(proxied, submit, drain, sweep, ground, config, live, admin, oid):
    proxy, _ = proxied
    submit("application", [*ground, config("a", key="1")])
    drain()
    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "by hand"}})
    failures = iter(STORM[1:])
    proxy.script = lambda asked: (
        next(failures, None) if asked.method == "GET" and "/configmaps/a" in asked.path else None
    )
    sweep()
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    assert [each.status for each in proxy.seen if each.method == "GET" and "/configmaps/a" in each.path][-3:] == [
        500,
        503,
        200,
    ]


def test_a_write_that_is_to_come_later_comes_later(proxied, submit, drain, healthy, ground, config, writes, condition):
    proxy, _ = proxied
    work = submit("application", [*ground, config("a", key="1")])
    drain()
    proxy.script = lambda asked: BUSY if asked.method == "PATCH" else None
    submit("application", [*ground, config("a", key="2")])
    drain()
    assert condition(work, "ApplyFailed")["reason"] == "TooManyRequests"
    patient = Work.objects.filter(pk=work.pk, not_before__gt=Now() + timedelta(seconds=60))
    assert patient.exists(), "as long as the server asked for"

    proxy.script = lambda _: None
    due(Work.objects.filter(pk=work.pk), Lane.DRIFT)
    drain()
    assert writes("a") == [201, 429], "no event hurries it"
    submit("application", [*ground, config("a", key="3")])
    drain()
    assert healthy(work), "an edit does"
    assert writes("a") == [201, 429, 200]


def test_a_server_that_is_busy_from_the_first_question_is_left_alone(proxied, submit, drain, healthy, ground):
    proxy, east = proxied
    work = submit("ground", ground)
    before = len(proxy.seen)
    proxy.script = lambda _: BUSY
    drain()
    probe_clusters()
    assert len(proxy.seen) == before + 1, "it is asked once"
    assert Cluster.objects.filter(pk=east.pk, failures=0, breaker_until__gt=Now() + timedelta(seconds=60)).exists()
    assert Lease.objects.get(cluster=east).until is None

    Cluster.objects.filter(pk=east.pk).update(breaker_until=Now())
    probe_clusters()
    east.refresh_from_db()
    assert {each["type"]: each["status"] for each in east.conditions}["Reachable"] == "True"
    drain()
    assert len(proxy.seen) == before + 2, "the probe is told the same"
    proxy.script = lambda _: None
    probe_clusters()
    drain()
    assert healthy(work)


def test_a_conflict_names_whose_field_it_is(proxied, submit, drain, healthy, ground, config, condition, live, writes):
    proxy, _ = proxied
    work = submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    drain()
    assert healthy(work)
    message = 'Apply failed with 1 conflict: conflict with "helm": .data.key'
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "helm"', "field": ".data.key"}
    conflict = status(409, "Conflict", message, causes=[cause])
    proxy.script = lambda asked: conflict if asked.method == "PATCH" and "/configmaps/a?" in asked.path else None
    submit("application", [*ground, config("a", key="2"), config("b", key="2")])
    drain()
    told = condition(work, "ApplyFailed")
    assert (told["reason"], 'conflict with "helm": .data.key' in told["message"]) == ("FieldConflict", True)
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    assert live("ConfigMap", "b")["data"] == {"key": "2"}, "the others are delivered"
    work.refresh_from_db()
    assert (work.health, work.not_before is not None) == ("Degraded", True)
    assert len(writes("a")) <= 4, "it backs off"


def test_our_token_follows_no_redirect(proxied, submit, drain, ground, behind_a_redirect, condition):
    proxy, _ = proxied
    work = submit("ground", ground)
    proxy.script = lambda asked: behind_a_redirect.lure if asked.method == "PATCH" else None
    drain()
    assert behind_a_redirect.seen == []
    assert "302" in condition(work, "ApplyFailed")["message"]


@pytest.fixture
def behind_a_redirect():
    """A server that our requests are sent on to."""
    from tests.fault_proxy import FaultProxy

    with FaultProxy("https://127.0.0.1:1", "") as trap:
        trap.script = lambda _: Answer(200, {"metadata": {}})
        trap.lure = Answer(302, "", {"Location": f"{trap.server}/api/v1/namespaces/x"})
        yield trap
