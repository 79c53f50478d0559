"""bench/README.md has a line for each figure, with the module that measures it, and what a plain run takes."""

import importlib
import re
from pathlib import Path

import pytest

from bench.options import FIGURES

README = Path(__file__).resolve().parents[2] / "bench" / "README.md"


def test_it_tells_of_the_figures_in_the_order_in_which_they_run():
    assert tuple(re.findall(r"^\| (\w+) \| .* \| `(\w+)`", README.read_text(), re.M)) == tuple(
        (name, name) for name in FIGURES
    )


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_has_its_module(name):
    module = importlib.import_module(f"bench.{name}")
    assert callable(module.measure)
    # The first line stands above its table.
    assert module.__doc__.partition("\n")[0].endswith(".")
