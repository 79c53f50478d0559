"""A sweep that finds nothing to do: settled applications all made due at once, until each is recorded as checked.

The clock starts with the commit that makes them due in lane sweep, and the ring that Celery beat would give. Nothing
may be written: the API server's audit log is searched for writes of our account, and no resourceVersion may move.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from bench import deliveries, ground
from bench.cpu import spent
from bench.figure import Figure
from bench.options import Options
from bench.testbed import Testbed
from clusters.models import Cluster, Lane
from clusters.reconcile.sweep import ring_for_due

CLUSTER = "east"
APPLICATIONS = 2000
LOOK_SECONDS = 0.01
GIVE_UP_SECONDS = 600.0
WRITER = "system:serviceaccount:dougong-system:dougong-writer"

_DUE = """
    UPDATE clusters_work SET next_check_at = now(), lane = %s
    WHERE owner_kind = %s AND name = %s AND cluster_id = %s RETURNING next_check_at
"""
_LEFT = """
    SELECT count(*) FROM clusters_work
    WHERE owner_kind = %s AND name = %s AND cluster_id = %s AND next_check_at <= %s
"""


class Audit:
    """What our account has written to a cluster since this was made, by its audit log."""

    def __init__(self, bed: Testbed, cluster: str) -> None:
        self._file: Path = bed.lab.cluster(cluster).control.audit_log
        self._begin = self._file.stat()

    def writes(self) -> int:
        """AssertionError where the log was rotated meanwhile, since then nobody knows."""
        with self._file.open("rb") as log:
            assert os.fstat(log.fileno()).st_ino == self._begin.st_ino, "the audit log was rotated"
            log.seek(self._begin.st_size)
            lines = log.read().splitlines()
        return sum(json.loads(line)["user"]["username"] == WRITER for line in lines)


def measure(bed: Testbed, options: Options) -> Figure:
    """Sweep again and again."""
    count, repeats = options.applications or APPLICATIONS, options.repeats
    cluster = deliveries.cluster_named(CLUSTER)
    options.say(f"seeding {count} applications")
    deliveries.seed(bed, count, cluster)
    figure = Figure("sweep", (__doc__ or "").strip(), {"applications": count, "objects": count * 5})
    walls, cpus, writes = [], [], []
    for number in range(repeats):
        ground.rest(bed.meter())
        before = _versions(bed)
        audit, meter = Audit(bed, CLUSTER), bed.meter()
        used = meter.read()
        walls.append(sweep(bed, cluster))
        cpus.append(spent(used, meter.read()))
        moved = sum(before[oid] != version for oid, version in _versions(bed).items())
        writes.append(float(max(audit.writes(), moved)))
        options.say(f"repeat {number + 1} of {repeats}: {walls[-1]:.2f} s, {writes[-1]:.0f} writes")
    figure.add("time of a sweep", "s", walls)
    figure.add("time", "ms/application", [each * 1000 / count for each in walls], at_most=1.0)
    figure.add("writes", "", writes, at_most=0)
    for group in ("workers", "apiserver", "etcd", "postgres", "watcher"):
        figure.add(f"{group} CPU", "ms/application", [each[group] * 1000 / count for each in cpus])
    return figure


def sweep(bed: Testbed, cluster: Cluster, lane: Lane = Lane.SWEEP) -> float:
    """Make everything due and ring; seconds until each was checked and recorded."""
    of = [deliveries.OWNER_KIND, deliveries.APPLICATION, cluster.pk]
    deadline = time.monotonic() + GIVE_UP_SECONDS
    with bed.sql() as connection:
        rows = connection.execute(_DUE, [int(lane), *of]).fetchall()
        began = time.perf_counter()
        ring_for_due()
        # The database's own time of that commit: whatever is due by it has not been checked since.
        while connection.execute(_LEFT, [*of, rows[0][0]]).fetchone() != (0,):
            assert time.monotonic() < deadline, "the sweep does not end"
            time.sleep(LOOK_SECONDS)
    return time.perf_counter() - began


def _versions(bed: Testbed) -> dict[str, str]:
    """The resourceVersion of every object of the bench."""
    live = bed.run(ground.live_objects(bed.admin[CLUSTER]))
    return {str(oid): body["metadata"]["resourceVersion"] for oid, body in live.items()}
