"""The pages of the building blocks: as the blocks say, with the example that is deployed to a real cluster."""

import dataclasses
import re
from pathlib import Path

import pytest

import apps
from apps.blocks import blocks
from apps.document import read
from apps.reference import main, page, pages
from apps.spec import thaw

FOLDER = Path(apps.__file__).parents[1] / "docs" / "blocks"


def test_they_say_what_the_blocks_say(tmp_path):
    (tmp_path / "gone.md").write_text("of a block that is no more")
    main(str(tmp_path))
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text() for path in FOLDER.iterdir()}, "run: make block-pages"
    assert set(made) == {"README.md", *(f"{name}.md" for name in blocks())}


@pytest.mark.parametrize("name", blocks())
def test_the_example_shown_is_the_blocks_own(name):
    [shown] = re.findall(r"```yaml\n(.*?)```", pages()[f"{name}.md"], re.DOTALL)
    assert read(shown) == {"blocks": [{name: thaw(blocks()[name].example)}]}
    assert max(map(len, shown.splitlines())) <= 120


def test_all_that_a_block_says_about_itself_is_on_its_page():
    told = dataclasses.replace(blocks()["port"], about="Opens a port.\n\nAnd more of it.")
    assert page(told).startswith("# `port`\n\nOpens a port.\n\nAnd more of it.\n\nTwo uses differ in ")
    assert told.summary == "Opens a port."
