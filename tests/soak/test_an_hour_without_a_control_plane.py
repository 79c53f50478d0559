"""All processes stop for a real hour; when they are back, nothing is written where nothing has changed.

It takes that hour, so it runs only with DOUGONG_SOAK_REAL_HOUR=1.
"""

import os
import time

import psycopg
import pytest

from tests.control_plane import CLUSTERS, eventually
from tests.faults.trial import Trial
from tests.soak.audit_log import AuditLog

HOUR_SECONDS = 3600

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(2 * HOUR_SECONDS),
    pytest.mark.skipif(os.environ.get("DOUGONG_SOAK_REAL_HOUR") != "1", reason="an hour: set DOUGONG_SOAK_REAL_HOUR=1"),
]


def test_nothing_is_written_on_return(control_plane, soak_result):
    trial = Trial(control_plane, control_plane.application())
    trial.declare(greeting="Hello")
    trial.settled()
    trial.greets("Hello")
    control_plane.plane.stop()
    logs = {cluster: AuditLog(cluster) for cluster in CLUSTERS}
    time.sleep(HOUR_SECONDS)
    control_plane.plane.start()
    eventually(lambda: _due(control_plane.database), lambda left: left == 0)
    written = [write for log in logs.values() for write in log.writes(trial.application.namespace())]
    soak_result("stopped", hours=HOUR_SECONDS / 3600, writes=len(written))
    assert written == []
    trial.greets("Hello")


def _due(database: str) -> int:
    """How many Works have not been looked at since."""
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM clusters_work WHERE next_check_at <= now()").fetchone()
    assert row is not None
    return int(row[0])
