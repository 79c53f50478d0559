"""The lease of a cluster: one holder, the database's clock, an epoch that only rises."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from clusters import lease
from clusters.models import Cluster, Lease

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster():
    return Cluster.objects.create(name="east", server="https://east.test", ca_data="").pk


def let_expire(cluster):
    Lease.objects.filter(cluster=cluster).update(until=Now() - timedelta(seconds=1))


def test_who_comes_second_goes_away_empty(cluster):
    assert lease.take(cluster, "one") is not None
    assert lease.take(cluster, "two") is None


def test_the_same_worker_cannot_take_it_twice(cluster):
    lease.take(cluster, "one")
    assert lease.take(cluster, "one") is None


def test_each_taking_raises_the_epoch(cluster):
    first = lease.take(cluster, "one")
    lease.release(first)
    second = lease.take(cluster, "two")
    let_expire(cluster)
    assert first.epoch < second.epoch < lease.take(cluster, "one").epoch


def test_a_released_lease_is_taken_with_nothing_under_way(cluster):
    lease.release(lease.take(cluster, "one"))
    assert not lease.take(cluster, "two").inherited


def test_the_first_holder_inherits_nothing(cluster):
    assert not lease.take(cluster, "one").inherited


def test_an_expired_lease_is_inherited(cluster):
    lease.take(cluster, "one")
    let_expire(cluster)
    assert lease.take(cluster, "two").inherited


def test_a_lease_given_back_with_writes_unanswered_is_inherited(cluster):
    lease.release(lease.take(cluster, "one"), clean=False)
    assert lease.take(cluster, "two").inherited


def test_an_inheritance_counts_from_its_first_holder_until_one_has_gone_through_everything(cluster):
    lease.take(cluster, "one")
    let_expire(cluster)
    first = lease.take(cluster, "two")
    assert first.trusted_from == first.epoch
    lease.release(first, clean=False)
    second = lease.take(cluster, "three")
    assert second.trusted_from == first.epoch < second.epoch
    lease.release(second)
    assert not lease.take(cluster, "four").inherited


def test_a_holder_of_the_past_can_do_nothing_any_more(cluster):
    old = lease.take(cluster, "one")
    let_expire(cluster)
    new = lease.take(cluster, "one")
    assert not lease.renew(old)
    assert not lease.release(old)
    assert lease.raise_epoch(old, 100) is None
    with transaction.atomic():
        assert not lease.holds(old)
        assert lease.holds(new)


def test_an_expired_lease_is_not_renewed_even_if_nobody_took_it(cluster):
    held = lease.take(cluster, "one")
    let_expire(cluster)
    assert not lease.renew(held)
    with transaction.atomic():
        assert not lease.holds(held)


def test_renewal_pushes_the_end_out(cluster):
    held = lease.take(cluster, "one")
    Lease.objects.filter(cluster=cluster).update(until=Now() + timedelta(seconds=1))
    assert lease.renew(held)
    assert Lease.objects.filter(cluster=cluster, until__gt=Now() + timedelta(seconds=20)).exists()


@pytest.mark.parametrize("seen", [0, 1, 41])
def test_the_epoch_is_lifted_above_what_was_seen(cluster, seen):
    held = lease.take(cluster, "one")
    lifted = lease.raise_epoch(held, seen)
    assert lifted.epoch > max(seen, held.epoch)
    assert Lease.objects.get(cluster=cluster).epoch == lifted.epoch


def test_a_lifted_epoch_does_not_cost_the_lease(cluster):
    # Choosing, recording and renewing run beside the attempt that lifted it and still carry the lower one.
    held = lease.take(cluster, "one")
    lease.raise_epoch(held, 41)
    assert lease.renew(held)
    with transaction.atomic():
        assert lease.holds(held)
    assert lease.release(held)


def test_two_clusters_have_a_lease_each(cluster):
    other = Cluster.objects.create(name="west", server="https://west.test", ca_data="").pk
    assert lease.take(cluster, "one") is not None
    assert lease.take(other, "two") is not None
