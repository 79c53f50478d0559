"""A turn renders the applications anew, all or some of them, and never what always fails beside them."""

from contextlib import contextmanager

import orjson
import pytest
from django.db import connection

import paas.celery  # noqa: F401 - the broker of the tests: without it a hint looks for one on the network
from bench import deliveries, objects, poisoned, turns
from clusters.models import Cluster, Lane, Work
from clusters.target import ClusterTarget

APPLICATIONS = 3
LARGE = 900_000


class Bed:
    """As much of the testbed as a turn needs: the database of the tests."""

    @contextmanager
    def sql(self):
        connection.ensure_connection()
        yield connection.connection


@pytest.fixture
def cluster(db):
    target = {key: value for key, value in ClusterTarget("east", "v1.34.4").to_json().items() if key != "name"}
    cluster = Cluster.objects.create(name="east", server="https://east.test", ca_data="", facts={"target": target})
    deliveries.submit_grounds(cluster)
    deliveries.submit(objects.applications(APPLICATIONS), cluster, together=APPLICATIONS)
    poisoned.submit(cluster)
    return cluster


def test_all_applications_are_due_behind_what_people_wait_for(cluster):
    assert turns.turn(Bed(), [cluster]) == APPLICATIONS
    found = deliveries.works(cluster)
    assert [(work.generation, work.lane) for work in found] == [(2, Lane.SWEEP)] * APPLICATIONS
    assert all(_turns(work) == {turns.TURN} for work in found)
    assert {work.generation for work in _poisoned()} == {1}


def test_one_of_them_in_the_lane_that_is_asked_for(cluster):
    first = deliveries.works(cluster).order_by("owner_name").first()
    assert turns.turn(Bed(), [cluster], only=[first.pk], lane=Lane.EDIT) == 1
    assert [work.generation for work in deliveries.works(cluster).order_by("owner_name")] == [2, 1, 1]
    assert deliveries.works(cluster).get(pk=first.pk).lane == Lane.EDIT


def test_what_always_fails_is_due_again_without_the_pause_it_was_in(cluster):
    Work.objects.filter(name=poisoned.NAME).update(attempts=5, not_before="2100-01-01T00:00Z")
    poisoned.submit(cluster)
    found = _poisoned()
    assert {work.owner_name for work in found} == set(poisoned.POISONS)
    assert {(work.generation, work.attempts, work.not_before, work.lane) for work in found} == {(2, 0, None, Lane.EDIT)}
    assert max(len(orjson.dumps(work.manifests)) for work in found) > LARGE


def _poisoned():
    return list(Work.objects.filter(name=poisoned.NAME))


def _turns(work):
    """The annotations of a turn on its Deployments."""
    marked = [each["body"]["metadata"].get("annotations", {}) for each in work.manifests]
    return {key for annotations in marked for key in annotations if key == turns.TURN}
