"""Leave all running, or remove what is ours first: said, never assumed."""

import uuid

import pytest
from django.db import transaction

from clusters import departure, observed
from clusters.manifests import Manifest
from clusters.models import Cluster, ClusterCredential, OwnedObject, Work
from clusters.work import Owner, submit_work
from paas.core.conditions import get_condition
from paas.core.errors import Conflict, Forbidden
from paas.core.models import AuditEvent


@pytest.fixture
def cluster(register):
    return register()


@pytest.fixture
def work(cluster):
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop-web"}}
    with transaction.atomic():
        work = submit_work(
            owner=Owner("test.owner", uuid.uuid4(), "shop"),
            name="ground",
            cluster=cluster,
            manifests=[Manifest(body, phase=0)],
        )
    OwnedObject.objects.create(
        work=work, cluster=cluster, oid="core/Namespace//shop-web", api_version="v1", claim="c", uid="u"
    )
    return work


def test_an_empty_cluster_goes_at_once_with_its_credentials(cluster, operator):
    assert departure.unregister_cluster(cluster=cluster, actor=operator) is None
    assert not Cluster.objects.exists()
    assert not ClusterCredential.objects.exists()
    assert AuditEvent.objects.get(action="cluster.unregistered").object_name == "east"


def test_one_that_somebody_else_has_just_unregistered_is_gone_already(cluster, operator):
    departure.unregister_cluster(cluster=Cluster.objects.get(), actor=operator)
    assert departure.unregister_cluster(cluster=cluster, actor=operator) is None
    assert AuditEvent.objects.filter(action="cluster.unregistered").count() == 1


@pytest.mark.usefixtures("work")
def test_a_cluster_in_use_asks_what_shall_become_of_it(cluster, operator):
    with pytest.raises(Conflict) as refusal:
        departure.unregister_cluster(cluster=cluster, actor=operator)
    assert refusal.value.code == "cluster_has_works"
    assert Work.objects.count() == 1


def test_left_running_the_owner_is_told_and_nothing_is_removed(cluster, operator, work):
    told = []
    observed.register("test.owner", told.append)
    try:
        departure.unregister_cluster(cluster=cluster, actor=operator, leave_running=True)
    finally:
        observed._callbacks.pop("test.owner")
    assert told == [work.owner_id]
    assert not Cluster.objects.exists()
    assert not OwnedObject.objects.exists()


def test_to_remove_every_work_is_retired_with_all_it_owns(cluster, operator, work):
    leaving = departure.unregister_cluster(cluster=cluster, actor=operator, remove=True)
    work.refresh_from_db()
    assert (work.intent, work.retirement) == ("retired", ["core/Namespace//shop-web"])
    assert (leaving.leaving, leaving.cordoned) == (True, True)
    assert get_condition(leaving.conditions, "Leaving")["reason"] == "Removing"
    assert departure.finish_departures() == []


def test_the_row_goes_with_the_last_work(cluster, operator, work):
    departure.unregister_cluster(cluster=cluster, actor=operator, remove=True)
    OwnedObject.objects.all().delete()
    work.delete()
    assert departure.finish_departures() == ["east"]
    assert not Cluster.objects.exists()


@pytest.mark.usefixtures("work")
def test_nothing_can_be_removed_from_a_suspended_cluster(cluster, operator):
    Cluster.objects.update(suspended=True)
    with pytest.raises(Conflict) as refusal:
        departure.unregister_cluster(cluster=cluster, actor=operator, remove=True)
    assert refusal.value.code == "cluster_suspended"


def test_only_operators_unregister(cluster, stranger):
    with pytest.raises(Forbidden):
        departure.unregister_cluster(cluster=cluster, actor=stranger)
    assert Cluster.objects.exists()
