"""A few random histories of the whole platform, by its command and with real processes that are killed.

Many more, with cuts, strangers and deaths at any request, are in tests/clusters/reconcile/histories. DOUGONG_SOAK_SEED
repeats a run.
"""

import random

import pytest

from tests.control_plane import CLUSTERS, eventually
from tests.faults.trial import Trial
from tests.soak.result import SEED

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
STEPS = 8
# The seed is in the name of each test, so that a failure says how to repeat it.
HISTORIES = [pytest.param(number, id=f"{SEED}-{number}") for number in range(5)]


class History:
    """One application; `greeting` is what was declared last."""

    def __init__(self, running, dice):
        self.trial = Trial(running, running.application())
        self.dice = dice
        self.greetings = []
        self.deploy()

    def deploy(self):
        self.greetings.append(f"say {len(self.greetings)}")
        self.trial.declare(greeting=self.greetings[-1])

    def go_back(self):
        if len(self.greetings) > 1:
            self.trial.running.cli("rollback", self.trial.application.reference)
            self.greetings.append(self.greetings[-2])

    def kill(self):
        self.trial.running.kill(self.dice.choice(("worker-edit", "worker-rest", "watcher", "beat")))

    def delete_by_hand(self):
        kinds = self.dice.choice(("deployments", "services", "configmaps -l dougong.dev/work"))
        cluster, namespace = self.dice.choice(CLUSTERS), self.trial.application.namespace()
        words = kinds.split()
        chosen = words if "-l" in words else [*words, "--all"]
        self.trial.running.kubectl(cluster, "delete", *chosen, "-n", namespace, "--ignore-not-found", "--wait=false")

    def end(self):
        self.trial.greets(self.greetings[-1])
        self.trial.settled()
        self.trial.nothing_leaked()
        self.trial.application.retire()
        for cluster in CLUSTERS:
            eventually(lambda cluster=cluster: self.trial.application.gone(cluster))


@pytest.mark.parametrize("number", HISTORIES)
def test_a_random_history_ends_as_declared(control_plane, soak_result, number):
    dice = random.Random(f"{SEED}/{number}")
    history = History(control_plane, dice)
    steps = dice.choices((history.deploy, history.go_back, history.kill, history.delete_by_hand), k=STEPS)
    for step in steps:
        step()
        soak_result("platform", steps=1, kills=int(step == history.kill))
    history.end()
    soak_result("platform", histories=1)
