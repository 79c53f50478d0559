import importlib.metadata
import sys
import types
from dataclasses import dataclass, field

import pytest

from apps.blocks import blocks, describe
from apps.contribution import Contribution


@dataclass(frozen=True, kw_only=True)
class Params:
    name: str = field(metadata={"description": "A name."})


@pytest.fixture
def module(monkeypatch):
    """A building block that lives elsewhere."""
    made = types.ModuleType("elsewhere_block", "Does something elsewhere.\n\nMore of it.")
    made.Params, made.EXAMPLE, made.render = Params, {"name": "x"}, lambda app, target, params: Contribution()
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


@pytest.fixture
def found(monkeypatch):
    """The blocks there are when others announce these."""

    def look(**entries):
        points = [importlib.metadata.EntryPoint(name, value, "dougong.blocks") for name, value in entries.items()]
        monkeypatch.setattr(
            importlib.metadata, "entry_points", lambda group: points if group == "dougong.blocks" else []
        )
        return blocks.__wrapped__()

    return look


def test_blocks_of_the_tree_are_found_by_file_name(found):
    assert list(found()) == [
        "autoscale",
        "config",
        "disruption_budget",
        "egress",
        "files",
        "hosts",
        "init",
        "node_pool",
        "port",
        "priority",
        "process",
        "pull_secret",
        "route",
        "scale_window",
        "schedule",
        "secret",
        "service_account",
        "sidecar",
        "task",
        "vertical_autoscale",
        "volume",
    ]


def test_a_block_from_elsewhere_is_found_by_its_entry_point(found, module):
    elsewhere = found(elsewhere="elsewhere_block")["elsewhere"]
    assert (elsewhere.name, elsewhere.summary, elsewhere.key) == ("elsewhere", "Does something elsewhere.", ("name",))
    assert elsewhere.load({"name": "x"}) == Params(name="x")


def test_a_block_from_elsewhere_cannot_take_the_place_of_one(found, module):
    with pytest.raises(ValueError, match=r"port is both apps\.blocks\.port and elsewhere_block"):
        found(port="elsewhere_block")


@pytest.mark.parametrize("part", ["Params", "EXAMPLE", "render", "__doc__"])
def test_a_block_that_lacks_a_part_is_refused(module, part):
    setattr(module, part, None)
    with pytest.raises(ValueError, match=f"building block elsewhere .* has no {part}"):
        describe("elsewhere", module)
