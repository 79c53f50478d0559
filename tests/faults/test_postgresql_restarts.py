"""PostgreSQL restarts in a loop while changes are made: they are refused for a moment, never half done."""

import threading
from contextlib import suppress

import httpx

from deploy.lab.errors import LabError
from tests.control_plane import eventually

RESTARTS = 3


def asked(trial):
    """What the API answers to whoever lists applications."""
    return trial.running.api.get("/applications/")


def test_the_api_asks_for_patience_while_postgresql_is_down(trial):
    lab = trial.running.lab
    lab.stop("postgres")
    try:
        refused = asked(trial)
        ready = httpx.get(f"{trial.running.plane.server}/readyz", timeout=30, trust_env=False)
    finally:
        lab.start("postgres")
    assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "unreachable")
    eventually(lambda: asked(trial).status_code, lambda status: status == 200)
    trial.all_run()


def test_changes_are_made_while_postgresql_restarts(trial):
    """Each is refused or done whole; of one whose answer was lost the person cannot know which."""
    over, said = threading.Event(), []

    def declare():
        while not over.is_set():
            greeting = f"PostgreSQL {len(said)}"
            said.append(greeting)
            with suppress(LabError):
                trial.application.deploy(greeting=greeting, watch=False)

    person = threading.Thread(target=declare)
    person.start()
    try:
        for _ in range(RESTARTS):
            before = len(said)
            eventually(lambda before=before: len(said) > before + 1)
            trial.running.lab.stop("postgres")
            trial.running.lab.start("postgres")
    finally:
        over.set()
        person.join()
    eventually(lambda: asked(trial).status_code, lambda status: status == 200)
    trial.accepted = trial.releases()
    trial.declare(greeting="PostgreSQL is back")
    trial.greets("PostgreSQL is back")
    trial.settled()
    trial.recorded_once()
    trial.nothing_leaked()
    trial.all_run()
