"""Conditions keep the Kubernetes conventions."""

from datetime import UTC, datetime, timedelta

import pytest

from paas.core.conditions import Condition, get_condition, set_condition

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
READY = Condition("Ready", "True", "Healthy", "all is well", observed_generation=1)


def test_a_condition_is_added_with_the_time():
    [entry] = set_condition([], READY, now=NOON)
    assert entry == {
        "type": "Ready",
        "status": "True",
        "reason": "Healthy",
        "message": "all is well",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T12:00:00+00:00",
    }


def test_saying_the_same_again_keeps_the_time_but_moves_the_generation():
    before = set_condition([], READY, now=NOON)
    after = set_condition(
        before, Condition("Ready", "True", "Healthy", "all is well", observed_generation=2), now=LATER
    )
    assert after[0]["lastTransitionTime"] == before[0]["lastTransitionTime"]
    assert after[0]["observedGeneration"] == 2


@pytest.mark.parametrize(
    "changed",
    [
        Condition("Ready", "False", "Healthy", "all is well"),
        Condition("Ready", "True", "Restored", "all is well"),
        Condition("Ready", "True", "Healthy", "all is well again"),
    ],
)
def test_any_change_moves_the_time(changed):
    after = set_condition(set_condition([], READY, now=NOON), changed, now=LATER)
    assert after[0]["lastTransitionTime"] == LATER.isoformat()


def test_the_argument_is_left_as_it_was_and_the_others_stay():
    before = set_condition(set_condition([], READY, now=NOON), Condition("Applied", "True", "Done"), now=NOON)
    copy = [dict(entry) for entry in before]
    after = set_condition(before, Condition("Ready", "False", "Broken"), now=LATER)
    assert before == copy
    assert [entry["type"] for entry in after] == ["Applied", "Ready"]
    assert get_condition(after, "Applied") == get_condition(before, "Applied")
    assert get_condition(after, "Missing") is None


@pytest.mark.parametrize("wrong", [("ready", "True", "Fine"), ("Ready", "yes", "Fine"), ("Ready", "True", "not camel")])
def test_words_that_kubernetes_would_refuse_are_refused(wrong):
    with pytest.raises(ValueError):
        Condition(*wrong)
