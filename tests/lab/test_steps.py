"""Steps run after what they wait for; a failure stops what waits for it, and no half is left running."""

import threading

import pytest

from deploy.lab.errors import LabError
from deploy.lab.steps import Steps


def test_steps_wait_for_each_other_and_otherwise_run_together() -> None:
    seen: list[str] = []
    meet = threading.Barrier(2, timeout=5)
    steps = Steps()
    one = steps.add("one", meet.wait)
    two = steps.add("two", meet.wait)
    steps.add("last", lambda: seen.append("last"), [one, two])
    steps.run()
    assert seen == ["last"]


def test_a_failure_is_raised_and_starts_nothing_new() -> None:
    seen: list[str] = []

    def fail() -> None:
        raise LabError("no such thing")

    steps = Steps()
    steps.add("after", lambda: seen.append("after"), [steps.add("bad", fail)])
    with pytest.raises(LabError, match="no such thing"):
        steps.run()
    assert seen == []


def test_a_mistake_of_ours_is_not_hidden_behind_an_error_of_the_lab() -> None:
    meet = threading.Barrier(2, timeout=5)

    def fail(error: Exception) -> None:
        meet.wait()
        raise error

    steps = Steps()
    steps.add("lab", lambda: fail(LabError("x")))
    steps.add("ours", lambda: fail(KeyError("y")))
    with pytest.raises(KeyError):
        steps.run()


def test_a_step_can_wait_only_for_a_known_one() -> None:
    with pytest.raises(ValueError, match="unknown"):
        Steps().add("x", lambda: None, ["y"])
