"""A replica with a lost tail is promoted: what is desired is what the database knows, and the clusters follow it back.

What was created in the lost tail carries claims that nobody knows any more. It is left alone, as anything that is not
ours: where its name is desired again it is `NotOwned`, and names itself, until a person takes it away.
"""

import uuid

import pytest

from clusters.manifests import ANNOTATION_EPOCH
from clusters.models import Lease, Work
from clusters.work import Owner
from tests.clusters.reconcile.faults.postgresql import tail_lost


def data(live):
    return live and live["data"]["key"]


def epoch(live):
    return int(live["metadata"]["annotations"][ANNOTATION_EPOCH])


@pytest.fixture
def promoted(submit, retire, until, healthy, gone, ground, config, live, make_due):
    """Changed, created, pruned, retired; then the database knows of none of it. Returns what it knows."""
    other = Owner("test", uuid.uuid4(), "other")
    known = submit("application", [*ground, config("a", key="1"), config("pruned", key="1")])
    retired = submit("retired", [config("retired", key="1")], owner=other)
    until(lambda: healthy(known, retired))
    with tail_lost():
        retire(retired)
        until(lambda: gone(retired))
        for version in "234":
            late = submit("application", [*ground, config("a", key=version), config("created", key=version)])
            submit("new", [config("new", key=version)], owner=other)
            until(lambda late=late: healthy(late))
        assert live("ConfigMap", "pruned") is None
        assert live("ConfigMap", "retired") is None
        assert data(live("ConfigMap", "a")) == "4"
    make_due()
    return known, retired


def test_clusters_go_back_to_what_the_database_knows(promoted, cluster, until, healthy, live):
    ahead = epoch(live("ConfigMap", "a"))
    assert Lease.objects.get(cluster=cluster).epoch < ahead
    until(lambda: healthy(*promoted) and data(live("ConfigMap", "a")) == "1")
    assert data(live("ConfigMap", "pruned")) == "1"
    assert data(live("ConfigMap", "retired")) == "1"
    assert epoch(live("ConfigMap", "a")) == Lease.objects.get(cluster=cluster).epoch > ahead


def test_what_the_lost_tail_made_is_left_alone_and_named(
    promoted, submit, ground, config, until, healthy, condition, live, admin, oid
):
    orphans = [live("ConfigMap", "created"), live("ConfigMap", "new")]
    until(lambda: healthy(*promoted))
    again = submit("application", [*ground, config("a", key="1"), config("created", key="again")])
    until(lambda: condition(again, "NotOwned"))
    assert "another Dougong Work" in condition(again, "NotOwned")["message"]
    assert [live("ConfigMap", "created"), live("ConfigMap", "new")] == orphans
    assert Work.objects.filter(name="new").count() == 0
    admin.delete(oid("ConfigMap", "created"))
    until(lambda: healthy(again))
    assert data(live("ConfigMap", "created")) == "again"
