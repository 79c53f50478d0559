"""Works of clusters that nobody drives: what services write and what the queue makes of it."""

import uuid

import pytest
from django.db import transaction

import paas.celery  # noqa: F401 - the broker of the tests: without it a hint looks for one on the network
from clusters import lease
from clusters.manifests import manifest
from clusters.models import Cluster, Work
from clusters.reconcile.choose import choose
from clusters.reconcile.outcome import Outcome
from clusters.work import Owner, submit_work


@pytest.fixture
def cluster(db):
    return Cluster.objects.create(name="east", server="https://east.test", ca_data="", identity="east")


@pytest.fixture
def owner():
    return Owner("test", uuid.uuid4(), "shop/production")


@pytest.fixture
def config():
    """config("a", key="1") → a ConfigMap manifest."""

    def make(name, **data):
        metadata = {"name": name, "namespace": "shop"}
        return manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    return make


@pytest.fixture
def submit(cluster, owner):
    def make(name, manifests=(), **given):
        given = {"owner": owner, "cluster": cluster, **given}
        with transaction.atomic():
            return submit_work(name=name, manifests=manifests, **given)

    return make


@pytest.fixture
def held(cluster):
    return lease.take(cluster.pk, "test")


@pytest.fixture
def chosen(held):
    """chosen() → names of the Works that would be attempted next, in order; chosen(2) only the first two."""

    def names(limit=100, busy=()):
        found = [each.work_id for each in choose(held, busy=busy, limit=limit)]
        works = Work.objects.in_bulk(found)
        return [str(works[pk]) for pk in found]

    return names


@pytest.fixture
def attempted(held):
    """attempted(work) → an Outcome of an attempt that begins now, to be filled and recorded."""

    def begin(work):
        (found,) = [each for each in choose(held, busy=[], limit=1000) if each.work_id == work.pk]
        return Outcome(found, dict(found.rows))

    return begin
