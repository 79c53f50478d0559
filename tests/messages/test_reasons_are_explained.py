"""Every reason that the loop and the probe can give has a word and a sentence, in Chinese too."""

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from clusters.admin import badges, tables
from clusters.admin.reasons import REASONS, TYPES, told
from clusters.reconcile.evidence import PROBES
from clusters.reconcile.refusals import _BY_STATUS, _BY_TEXT
from tests import messages

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip(" `") for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/conditions.md").read_text().splitlines()
    if line.endswith("` |")
]
DOCUMENTED = {row[2] for row in ROWS if re.fullmatch("[A-Za-z]+", row[2])}
TYPED = {row[1] for row in ROWS} - {"Ready"}
CODE = "\n".join(path.read_text() for path in (ROOT / "clusters").rglob("*.py"))
# What the health of an object, of a Work and of an environment may be called, but where all is well.
HEALTH = set(re.findall(r'\bHealth\.(?!HEALTHY)[A-Z]+, "([A-Za-z]+)"', CODE + (ROOT / "apps/rollup.py").read_text()))
HEALTH |= set(re.findall(r'\b(?:progressing|degraded|suspended|missing|unknown)\(\s*"([A-Za-z]+)"', CODE))
STATED = set(re.findall(r'\.(?:add|fail|refused)\(\s*"([A-Za-z]+)"', CODE))


def test_every_reason_has_one():
    assert len(DOCUMENTED) > 50
    assert len(HEALTH) > 40
    known = DOCUMENTED | HEALTH | {reason for _, reason in _BY_TEXT} | set(_BY_STATUS.values()) | set(PROBES.values())
    assert known - {*REASONS} == set()


def test_every_type_has_a_word():
    assert {badges.spaced(each) for each in TYPED | STATED} - {*TYPES} == set()


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_it_is_said_in_chinese(reason):
    word, sentence = REASONS[reason]
    assert word == badges.spaced(reason)
    found = messages.catalogue()
    for text in (word, sentence):
        [told] = found[text]
        assert re.search(r"[\u4e00-\u9fff]", told), text


def test_the_message_stays_beneath_as_it_came():
    message = "Container <main> crashed (exit code 3); 0 of 1\nfatal: no database"
    with override("zh-hans"):
        said = told("CrashLoopBackOff", message)
        badge = badges.Badge(badges.spaced("CrashLoopBackOff"), badges.BAD).html()
    assert "反复崩溃" in badge
    assert said.startswith("程序反复以错误退出")
    assert "Container &lt;main&gt; crashed (exit code 3); 0 of 1<br>fatal: no database" in said
    assert told("Nothing", "as it came") == "as it came"
    assert told("CrashLoopBackOff", "").startswith("The program ends")


def test_what_is_well_needs_no_sentence():
    said = {
        "type": "Ready",
        "status": "True",
        "reason": "Restarted",
        "message": "all is well",
        "lastTransitionTime": "now",
    }
    table = tables.conditions([said], badges.condition)
    assert table.rows[0][3] == "all is well"
    table = tables.conditions([{**said, "status": "False"}], badges.condition)
    assert "crashed, was started again" in table.rows[0][3]
