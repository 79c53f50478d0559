"""kill -9 of the workers at each step of a delivery: another resumes, nothing leaks, the same result."""

import pytest

from tests.control_plane import eventually

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
    """How many Works of the application satisfy an SQL fact."""
    return trial.query(
        "SELECT count(*) FROM clusters_work w JOIN applications_environment e ON e.id = w.owner_id"
        f" JOIN applications_application a ON a.id = e.application_id WHERE a.name = %s AND {fact}"
    )


STEPS = {
    "at once": lambda trial: True,
    "when a lease is held": lambda trial: trial.rows("SELECT 1 FROM clusters_lease WHERE holder <> '' LIMIT 1"),
    "when an object is claimed": lambda trial: of_work(
        trial,
        "EXISTS (SELECT 1 FROM clusters_ownedobject o WHERE o.work_id = w.id AND o.uid = '' AND o.gone_at IS NULL)",
    ),
    "when the attempt is recorded": lambda trial: of_work(trial, "w.observed_generation = w.generation"),
    "when one cluster is done": lambda trial: of_work(trial, "w.settled_generation = w.generation"),
}


@pytest.mark.parametrize("step", STEPS)
def test_the_workers_die(trial, step):
    trial.declare(greeting=step)
    # The window may be over before we look: then the kill comes a little later, which must do no harm either.
    for _ in range(50):
        if STEPS[step](trial):
            break
    killed(trial)
    trial.greets(step)
    trial.settled()
    trial.recorded_once()
    trial.nothing_leaked()
