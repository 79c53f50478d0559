"""kill -9 of the workers at each step of a delivery: another resumes, nothing leaks, the same result."""

import os
import signal

import pytest

from tests.control_plane import eventually
from tests.faults.trial import children

WORKERS = ("worker-edit", "worker-rest")


def killed(trial):
    """Both workers at once: the lease of whoever held it runs out by itself."""
    before = [trial.running.plane.group.process(name) for name in WORKERS]
    for name in WORKERS:
        trial.running.kill(name)
    eventually(lambda: all(trial.running.alive(name) for name in WORKERS))
    after = [trial.running.plane.group.process(name) for name in WORKERS]
    assert all(new != old for new, old in zip(after, before, strict=True))


def of_work(trial, fact):
    """How many Works of the application satisfy an SQL fact; not its ground, which an edit leaves as it was."""
    return trial.query(
        "SELECT count(*) FROM clusters_work w JOIN applications_environment e ON e.id = w.owner_id"
        " JOIN applications_application a ON a.id = e.application_id"
        f" WHERE a.name = %s AND w.name = 'application' AND {fact}"
    )


# Over in milliseconds: a kill that comes a little later must do no harm either.
PASSING = {
    "at once": lambda trial: True,
    "when a lease is held": lambda trial: trial.rows("SELECT 1 FROM clusters_lease WHERE holder <> '' LIMIT 1"),
    "when an object is claimed": lambda trial: of_work(
        trial,
        "EXISTS (SELECT 1 FROM clusters_ownedobject o WHERE o.work_id = w.id AND o.uid = '' AND o.gone_at IS NULL)",
    ),
}
# True from then on, so they are waited for.
LASTING = {
    "when the attempt is recorded": lambda trial: of_work(trial, "w.observed_generation = w.generation"),
    "when one cluster is done": lambda trial: of_work(trial, "w.settled_generation = w.generation"),
}


@pytest.mark.parametrize("step", [*PASSING, *LASTING])
def test_the_workers_die(trial, step):
    trial.all_run()
    trial.declare(greeting=step)
    if step in LASTING:
        eventually(lambda: LASTING[step](trial))
    else:
        any(PASSING[step](trial) for _ in range(50))
    killed(trial)
    trial.greets(step)
    trial.settled()
    trial.recorded_once()
    trial.nothing_leaked()


def test_the_child_that_delivers_is_killed_as_by_the_kernel(trial):
    """Memory has run out, and the largest process goes: the pool's child, whose worker lives on and has another."""
    trial.all_run()
    worker = trial.running.plane.group.process("worker-edit")
    [before] = eventually(lambda: children(worker.pid))
    trial.declare(greeting="out of memory")
    any(PASSING["when an object is claimed"](trial) for _ in range(50))
    os.kill(before, signal.SIGKILL)
    eventually(lambda: children(worker.pid), lambda now: len(now) == 1 and now != [before])
    assert trial.running.plane.group.process("worker-edit") == worker
    trial.greets("out of memory")
    trial.settled()
    trial.recorded_once()
    trial.nothing_leaked()
