"""A task woken from ASGI runs, and logs under the id of the request that woke it."""

import queue
import types

import pytest
import structlog
from asgiref.sync import async_to_sync
from celery.contrib.testing.worker import start_worker
from django.http import HttpResponse
from django.test import AsyncClient
from django.urls import path

from paas.asgi import celery_app

heard: queue.Queue[dict] = queue.Queue()


@celery_app.task(name="tests.tell")
def tell():
    heard.put(structlog.contextvars.get_contextvars())


def click(request):
    tell.delay()
    return HttpResponse(structlog.contextvars.get_contextvars()["request_id"])


@pytest.fixture
def urls(settings):
    module = types.ModuleType("urls_of_this_test")
    module.urlpatterns = [path("click", click)]
    settings.ROOT_URLCONF = module


def test_the_request_id_arrives_in_the_task(urls, db):
    with start_worker(celery_app, pool="solo", perform_ping_check=False, queues=["edit", "drift", "sweep"]):
        response = async_to_sync(AsyncClient().get)("/click")
        context = heard.get(timeout=30)
    assert context["request_id"] == response.content.decode()


def test_tasks_speak_json_and_keep_no_results():
    conf = celery_app.conf
    assert (conf.task_serializer, conf.accept_content, conf.task_ignore_result) == ("json", ["json"], True)
    assert (conf.task_acks_late, conf.worker_prefetch_multiplier) == (True, 1)
    # A key of its own each: with a common one every queue would get every message.
    routes = {queue.name: (queue.exchange.name, queue.routing_key) for queue in celery_app.amqp.queues.values()}
    assert routes == {lane: (lane, lane) for lane in ("edit", "drift", "sweep")}


def test_every_scheduled_task_exists():
    celery_app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in celery_app.conf.beat_schedule.values()}
    assert scheduled <= set(celery_app.tasks)


def test_every_task_of_ours_ends_in_time():
    celery_app.loader.import_default_modules()
    ours = [task for name, task in celery_app.tasks.items() if name.startswith(("paas.", "clusters.", "apps."))]
    assert ours
    assert [task.name for task in ours if not (task.time_limit and task.soft_time_limit)] == []
