"""docs/conditions.md and faults.md agree with the code: what they name is there, what the loop can say is in them."""

import re
from pathlib import Path

import pytest

from clusters import conditions
from clusters.reconcile.evidence import PROBES
from clusters.reconcile.refusals import _BY_STATUS, _BY_TEXT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/conditions.md").read_text()
ENVIRONMENTS = (ROOT / "apps/rollup.py").read_text()
CODE = "\n".join([*(path.read_text() for path in (ROOT / "clusters").rglob("*.py")), ENVIRONMENTS])
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.endswith("` |")]
STATED = set(re.findall(r'\.(?:add|fail|refused)\(\s*"([A-Za-z]+)"', CODE)) | {"DeadlineExceeded"}
OF_ENVIRONMENTS = set(re.findall(r'Condition\("([A-Za-z]+Stale)", "True"', ENVIRONMENTS))
BAD_OF_CLUSTERS = {
    conditions.REACHABLE, conditions.CREDENTIALS_ACCEPTED, conditions.IDENTITY_CONFIRMED, conditions.VERSION_SUPPORTED,
    conditions.FENCE_MISSING, conditions.KINDS_UNKNOWN,
}  # fmt: skip


FAULT_ROWS = [line for line in (ROOT / "docs/faults.md").read_text().splitlines() if re.match(r"\| (?!what )", line)]
FAULTS = [named for row in FAULT_ROWS for named in re.findall(r"`([\w/]+\.py)::(\w+)`", row)]


def quoted(word):
    return word.strip("` ")


def test_there_are_rows():
    assert len(ROWS) > 50
    assert len(FAULTS) > 30
    assert [row for row in FAULT_ROWS if "::" not in row.rsplit("|", 2)[1]] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_what_there_is(row):
    _, type_, reason, message, todo, test = row
    path, name = quoted(test).split("::")
    assert f"def {name}(" in (ROOT / "tests" / path).read_text()
    assert quoted(type_) in STATED | BAD_OF_CLUSTERS | OF_ENVIRONMENTS | {"Ready"}
    assert not reason.startswith("`") or re.search(rf"\b{quoted(reason)}\b", CODE)
    assert message
    assert todo


@pytest.mark.parametrize(("path", "name"), FAULTS, ids=lambda each: each.rpartition("/")[2])
def test_a_fault_names_a_test_that_there_is(path, name):
    assert f"def {name}(" in (ROOT / "tests" / path).read_text()


def test_whatever_the_loop_states_is_explained():
    explained = set(re.findall("`([A-Za-z]+)`", PAGE))
    reasons = {reason for _, reason in _BY_TEXT} | set(_BY_STATUS.values()) | set(PROBES.values())
    assert (STATED | BAD_OF_CLUSTERS | OF_ENVIRONMENTS | reasons) - explained == set()
