"""`manage.py rotate_keys` beside a writer, killed in the middle of one batch after another: nothing is lost."""

import base64
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from clusters.models import Cluster, ClusterCredential
from paas.core.rotation import BATCH

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = (f"{name}:{base64.urlsafe_b64encode(name[0].encode() * 32).decode()}" for name in ("old", "new"))
ROWS = 4 * BATCH
SECONDS = 60


@pytest.fixture
def credentials(settings):
    """Many values under the old key; from now on the new one seals."""
    use(settings, OLD)
    cluster = Cluster.objects.create(name="east", server="https://192.0.2.1")
    ClusterCredential.objects.bulk_create(
        ClusterCredential(cluster=cluster, version=version, token=f"token {version}") for version in range(1, ROWS + 1)
    )
    use(settings, NEW, OLD)
    return ClusterCredential.objects.order_by("version")


def use(settings, *entries):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"encryption_keys": tuple(map(SecretStr, entries))})


def rotation():
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    told = {word: str(connection.settings_dict[name]) for name, word in names.items()}
    env = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "paas.settings_test", "DOUGONG_ENCRYPTION_KEYS": f"{NEW},{OLD}",
        "DATABASE_URL": make_conninfo(**{word: value for word, value in told.items() if value}),
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "manage.py", "rotate_keys"], cwd=ROOT, env=env, stdout=subprocess.PIPE)


def left():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM clusters_clustercredential WHERE token LIKE 'old:%' OR client_key LIKE 'old:%'"
        )
        return cursor.fetchone()[0]


def kill_in_a_batch(row):
    """Hold the row: a rotation stops in its batch, others of it written, and is killed there."""
    with transaction.atomic():
        ClusterCredential.objects.select_for_update().get(pk=row.pk)
        process = rotation()
        with process.stdout:
            until(lambda: is_waiting() or process.poll() is not None)
            process.send_signal(signal.SIGKILL)
            assert process.wait(SECONDS) == -signal.SIGKILL


def is_waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # the transaction would go on seeing what it saw first
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'"
            " AND query LIKE '%clustercredential%' AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0] > 0


def until(happened):
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_nothing_is_lost(credentials, settings):
    expected = {row.version: row.token for row in credentials}
    rows = list(credentials)
    stop = threading.Event()

    def write():
        """Another process's changes of rows that are being rotated."""
        try:
            for number, version in enumerate(range(1, ROWS, 7)):  # none of those that are held below
                if stop.is_set():
                    break
                row = ClusterCredential.objects.get(version=version)
                row.token = expected[version] = f"changed {number}"
                row.save()
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for row in (rows[BATCH // 2], rows[2 * BATCH], rows[-3]):
            before = left()
            kill_in_a_batch(row)
            assert 0 < left() <= before
    finally:
        stop.set()
        writer.join()
    with rotation() as process:
        assert process.wait(SECONDS) == 0
    assert left() == 0
    use(settings, NEW)
    assert {row.version: row.token for row in credentials.all()} == expected
