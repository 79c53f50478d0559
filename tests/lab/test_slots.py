"""Which slot a lab gets."""

from pathlib import Path

import pytest

from deploy.lab import locks, paths
from deploy.lab.errors import LabError


@pytest.fixture(autouse=True)
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)


def test_a_name_keeps_its_slot_until_it_is_given_back() -> None:
    first, second = locks.take_slot("one"), locks.take_slot("two")
    assert first != second
    assert locks.take_slot("one") == first
    locks.release_slot("one")
    assert locks.known_slot("one") is None
    assert locks.take_slot("three") == first


def test_demo_and_test_have_theirs_for_good() -> None:
    assert (locks.take_slot("demo"), locks.take_slot("test")) == (0, 1)
    locks.release_slot("demo")
    assert locks.known_slot("demo") == 0
    assert locks.take_slot("other") not in (0, 1)


def test_when_all_are_taken_the_error_names_who_has_them() -> None:
    taken = {f"lab-{slot}": slot for slot in range(2, 16)}
    with pytest.raises(LabError, match="lab-7"):
        locks.free_slot(taken)


@pytest.mark.parametrize("name", ["", "Upper", "../up", "a/b", "-dash", "seventeen-letters"])
def test_a_name_that_would_not_fit_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="no name"):
        paths.Paths(name)
