"""The page of the soak names every switch and every part that the tests have."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "soak"
PAGE = (FOLDER / "README.md").read_text()
TESTS = "\n".join(each.read_text() for each in sorted((ROOT / "tests").rglob("test_*.py")))


def test_every_switch_is_named():
    used = {*re.findall(r"DOUGONG_SOAK_[A-Z_]+", TESTS + (ROOT / "tests/soak/result.py").read_text())} - {
        "DOUGONG_SOAK_"
    }
    assert used == {*re.findall(r"`(DOUGONG_SOAK_[A-Z_]+)`", PAGE)}


def test_every_part_is_named():
    told = {*re.findall(r"""soak_result\(\s*"(\w+)\"""", TESTS)}
    named = {*re.findall(r"`(\w+)\.json`", PAGE)}
    assert told == named
    assert {each.stem for each in FOLDER.glob("*.json")} <= named
