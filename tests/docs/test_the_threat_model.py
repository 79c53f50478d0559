"""docs/THREAT_MODEL.md: every test that it names is there, and every threat has one or says that it is open."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "THREAT_MODEL.md"
NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")
HEAD = "| threat | what stops it | test | left |"


def threats():
    """The rows of the tables of threats, cell by cell."""
    for table in PAGE.read_text().split(HEAD)[1:]:
        for line in table.strip().splitlines()[1:]:
            if not line.startswith("|"):
                break
            yield [cell.strip() for cell in line.split("|")[1:-1]]


def named():
    return sorted(set(NAMED.findall(PAGE.read_text())))


@pytest.mark.parametrize(("file", "name"), named(), ids=lambda each: each)
def test_each_test_that_is_named_is_there(file, name):
    tree = ast.parse((ROOT / "tests" / file).read_text())
    functions = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    assert not name or name in functions


def test_each_threat_has_a_test_or_is_open():
    rows = list(threats())
    assert len(rows) > 30
    assert {len(row) for row in rows} == {4}
    assert [row[0] for row in rows if row[2] != "open" and not NAMED.search(row[2])] == []


def test_the_proofs_are_all_named():
    """A proof that no threat asks for would be found by nobody."""
    proofs = {str(path.relative_to(ROOT / "tests")) for path in (ROOT / "tests" / "proof").glob("test_*.py")}
    assert proofs <= {file for file, _ in named()}
