"""A burst of changes is one message: whoever takes it looks after the commits that found it waiting."""

import pytest
from celery import current_app

import paas.celery  # noqa: F401 - the broker of the tests
from clusters.models import Lane
from clusters.wake import wake


@pytest.fixture
def waiting():
    """waiting(Lane.EDIT) → how many messages nobody has taken; all queues are empty at the start and at the end."""

    def count(lane):
        with current_app.producer_pool.acquire(block=True) as producer:
            return producer.channel.queue_declare(lane.label).message_count

    def empty():
        with current_app.producer_pool.acquire(block=True) as producer:
            for lane in Lane:
                producer.channel.queue_purge(lane.label)

    empty()
    yield count
    empty()


@pytest.mark.django_db
def test_a_burst(waiting, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for lane in (Lane.EDIT, Lane.DRIFT, Lane.EDIT, Lane.EDIT):
            wake(lane)
    assert [waiting(each) for each in Lane] == [1, 1, 0]


@pytest.mark.django_db
def test_the_last_lane_holds_other_tasks_too(waiting, django_capture_on_commit_callbacks):
    current_app.send_task("clusters.tasks.sweep", queue=Lane.SWEEP.label)
    with django_capture_on_commit_callbacks(execute=True):
        wake(Lane.SWEEP)
    assert waiting(Lane.SWEEP) == 2
