"""The database is already migrated for the next release while a worker of this one delivers: it notices nothing.

What a migration may do is in ADR 0028; here it is done to every table, in the middle of a drain.
"""

import asyncio

import pytest
from django.apps import apps
from django.db import connection

from clusters.probe import probe_clusters
from tests.fault_proxy import Before

ROOMS = ("core", "identity", "clusters", "applications")
COLUMNS = {"of_the_next_release": "integer NOT NULL DEFAULT 1", "of_the_next_release_too": "text NULL"}


def _alter(clauses):
    """Change each table of ours, one statement a table."""
    models = [each for room in ROOMS for each in apps.get_app_config(room).get_models(include_auto_created=True)]
    with connection.cursor() as cursor:
        for table in sorted({each._meta.db_table for each in models}):
            cursor.execute(f"ALTER TABLE {connection.ops.quote_name(table)} {', '.join(clauses)}")


@pytest.fixture
def expand(db):
    """expand(): each table has columns that this code does not know, until the test ends."""

    def run():
        _alter([f"ADD COLUMN {name} {kind}" for name, kind in COLUMNS.items()])
        connection.close()  # of the thread of the proxy's script

    yield run
    _alter([f"DROP COLUMN IF EXISTS {name}" for name in COLUMNS])


@pytest.mark.parametrize("step", range(0, 12, 3))
def test_a_worker_goes_on_over_columns_that_it_does_not_know(
    step, expand, proxied, submit, retire, until, drain, sweep, gone, healthy, ground, config, live
):
    proxy, cluster = proxied
    work = submit("application", [*ground, config("a", key="1"), config("old", key="1")])
    until(lambda: healthy(work))
    first = len(proxy.seen) + step
    proxy.script = lambda request: Before(lambda _: asyncio.to_thread(expand)) if request.number == first else None
    submit("application", [*ground, config("a", key="2"), config("new", key="2")])
    drain()
    proxy.script = lambda _: None
    assert len(proxy.seen) > first, "the columns came while it was at work"
    until(lambda: healthy(work))
    assert live("ConfigMap", "a")["data"] == {"key": "2"}
    assert live("ConfigMap", "new") is not None
    assert live("ConfigMap", "old") is None
    sweep()
    [seen] = probe_clusters([cluster.pk])
    assert not seen.locked_out
    retire(work)
    until(lambda: gone(work))
    assert live("ConfigMap", "a") is None
