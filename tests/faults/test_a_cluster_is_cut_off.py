"""One cluster cut off for two minutes: the other is served as ever, and on return the latest change arrives at once."""

import time

import pytest

from tests.control_plane import eventually

CUT_SECONDS = 120


def reachable(trial, cluster):
    conditions = trial.running.admin.get(f"/clusters/{cluster}/").json()["conditions"]
    return next(each["status"] for each in conditions if each["type"] == "Reachable")


def generation(trial, cluster):
    name = trial.application.namespace()
    return trial.running.objects(cluster, "deployments", "-n", name)[0]["metadata"]["generation"]


@pytest.mark.timeout(900)
def test_west_is_cut_and_healed(trial):
    trial.declare(greeting="before the cut")
    trial.greets("before the cut")
    trial.settled()
    before = generation(trial, "west")
    lab = trial.running.lab
    lab.cut("west")
    cut_at = time.monotonic()
    try:
        for number in range(3):
            trial.declare(greeting=f"edit {number}")
            trial.greets(f"edit {number}", "east")
        trial.settled("east")
        eventually(lambda: reachable(trial, "west"), lambda status: status == "False")
        assert trial.application.answer("west")["greeting"] == "before the cut"
        # The outage itself is what is tried: it has to last.
        eventually(lambda: time.monotonic() - cut_at, lambda seconds: seconds >= CUT_SECONDS, seconds=CUT_SECONDS + 10)
        assert reachable(trial, "east") == "True"
    finally:
        lab.heal("west")
    trial.greets("edit 2", "west")
    trial.settled(seconds=300)  # its own nodes were taken for lost and have to find back first
    trial.recorded_once()
    trial.nothing_leaked()
    # Three edits, one apply: the Deployment went from the first generation to the last in one step.
    assert generation(trial, "west") == before + 1
