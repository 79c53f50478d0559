"""Three failures open it, time makes it due, a probe closes it. The clock is the database's."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from clusters import breaker
from clusters.models import Cluster


@pytest.fixture
def cluster(register):
    return register()


def let_it_be_due():
    Cluster.objects.update(breaker_until=Now() - timedelta(seconds=1))


def seconds_open(cluster):
    # By the clock that set it, which stands still in a transaction, however slow the test is.
    return Cluster.objects.annotate(left=F("breaker_until") - Now()).get(pk=cluster.pk).left.total_seconds()


def test_two_failures_do_not_open_it(cluster):
    assert [breaker.record_failure(cluster.pk) for _ in range(2)] == [None, None]
    assert Cluster.objects.filter(breaker.CLOSED).exists()


def test_a_success_between_starts_the_count_anew(cluster):
    for _ in range(3):
        breaker.record_failure(cluster.pk)
        breaker.record_failure(cluster.pk)
        assert breaker.record_success(cluster.pk) is False
    assert Cluster.objects.filter(breaker.CLOSED, failures=0).exists()


def test_three_in_a_row_open_it_for_some_seconds(cluster):
    until = [breaker.record_failure(cluster.pk) for _ in range(3)][-1]
    cluster.refresh_from_db()
    assert cluster.breaker_until == until
    assert 3 < seconds_open(cluster) <= 5
    assert not Cluster.objects.filter(breaker.CLOSED).exists()
    assert not Cluster.objects.filter(breaker.PROBE_DUE).exists()


def test_failures_behind_an_open_breaker_do_not_count(cluster):
    for _ in range(30):
        breaker.record_failure(cluster.pk)
    cluster.refresh_from_db()
    assert cluster.failures == 3


def test_each_failed_try_doubles_the_pause_up_to_five_minutes(cluster):
    for _ in range(2):
        breaker.record_failure(cluster.pk)
    pauses = []
    for _ in range(9):
        breaker.record_failure(cluster.pk)
        pauses.append(seconds_open(cluster))
        let_it_be_due()
    expected = [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert all(most * 0.74 < pause <= most for pause, most in zip(pauses, expected, strict=True))


def test_when_its_time_is_over_only_the_probe_goes_through(cluster):
    for _ in range(3):
        breaker.record_failure(cluster.pk)
    let_it_be_due()
    assert Cluster.objects.filter(breaker.PROBE_DUE).exists()
    assert not Cluster.objects.filter(breaker.CLOSED).exists()
    assert breaker.record_success(cluster.pk) is True
    assert Cluster.objects.filter(breaker.CLOSED, failures=0).exists()


def test_a_cluster_that_is_gone_is_no_fault(db):
    import uuid

    assert breaker.record_failure(uuid.uuid4()) is None
    assert breaker.record_success(uuid.uuid4()) is False
