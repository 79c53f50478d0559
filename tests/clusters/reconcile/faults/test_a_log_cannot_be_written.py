"""The disk under a worker's log is full: each line of it is refused, and the worker delivers all the same."""

from pathlib import Path

import pytest

from clusters.models import Lease
from tests.clusters.administrator import NETWORKS
from tests.clusters.reconcile.faults.killing import Workers


@pytest.fixture
def deliver(cluster, submit, healthy, ground, config, live):
    """deliver("1", path) delivers an edit by a worker whose log is that file."""

    def run(edit, path):
        with path.open("wb") as log, Workers(NETWORKS, log=log, DOUGONG_LOG_LEVEL="DEBUG") as workers:
            work = submit("application", [*ground, config("a", edit=edit)])
            worker = workers.fork()
            worker.go()
            assert worker.ended() == 0
        assert healthy(work)
        assert live("ConfigMap", "a")["data"] == {"edit": edit}
        lease = Lease.objects.get(cluster=cluster)
        assert (lease.until, lease.holder) == (None, "")

    return run


def test_it_delivers(deliver, tmp_path):
    deliver("1", tmp_path / "log")
    assert (tmp_path / "log").read_text(), "something is logged"
    deliver("2", Path("/dev/full"))
