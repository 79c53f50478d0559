"""Random histories on two real clusters: whatever befalls an application, in the end what was declared is what lives.

A seeded sample runs in `make test`; `make soak` runs DOUGONG_SOAK_HISTORIES of them (300), ten a test, and goes on
after a failure. DOUGONG_SOAK_SEED repeats a run; the seed is in the name of each test.
"""

from __future__ import annotations

import os
import zlib

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import run_state_machine_as_test

from tests.clusters.reconcile.histories.history import History
from tests.soak.result import SAMPLE_SEED, SEED

STEPS = 12
SAMPLE = 6
OF_A_TEST = 10
HISTORIES = int(os.environ.get("DOUGONG_SOAK_HISTORIES", "300"))


def batches(histories):
    """[(name, how many), …] of the tests that run so many."""
    return [
        pytest.param(f"{SEED}-{first}", min(OF_A_TEST, histories - first), id=f"{SEED}-{first}")
        for first in range(0, histories, OF_A_TEST)
    ]


def run(stage, name, histories):
    """So many histories, the same ones for the same name."""
    machine = hypothesis.seed(zlib.crc32(name.encode()))(lambda: History(stage))
    how = settings(
        max_examples=histories,
        stateful_step_count=STEPS,
        # On real clusters a history that failed is not repeated a hundred times to be made smaller.
        phases=[Phase.generate],
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=how)
        stage.finish()
    except Exception as failure:  # noqa: BLE001 - raised again
        # A race that the second run of the same choices does not meet is a failure all the same.
        first = failure.exceptions[0] if isinstance(failure, FlakyFailure) else failure
        first.add_note(
            "The last histories:\n" + "\n".join("; ".join([each.it.name, *each.story]) for each in stage.told[-2:])
        )
        raise first from None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [SAMPLE_SEED])
def test_a_sample_ends_as_declared(stage, seed):
    run(stage, seed, SAMPLE)
    assert stage.tally["histories"] >= SAMPLE


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "histories"), batches(HISTORIES))
def test_it_ends_as_declared(stage, soak_result, name, histories):
    try:
        run(stage, name, histories)
    finally:
        soak_result("histories", asked=histories, **stage.tally)
