"""Parts are found by name, and come after what they require."""

import pytest

from deploy.lab import parts
from deploy.lab.errors import LabError


def test_the_default_parts_come_without_being_named() -> None:
    assert {part.name for part in parts.chosen([])} >= {"registry", "postgres", "valkey"}


def test_each_comes_after_what_it_requires_and_once() -> None:
    names = [part.name for part in parts.chosen(list(parts.found()))]
    assert len(set(names)) == len(names)
    for part in parts.found().values():
        assert all(names.index(required) < names.index(part.name) for required in part.requires)


def test_an_unknown_part_is_named_with_those_that_exist() -> None:
    with pytest.raises(LabError, match="registry"):
        parts.chosen(["nonsense"])
