"""Every code of a refusal and every action of the audit trail has words, and Chinese ones."""

import ast
import re

import pytest
from django.utils import translation

from apps.admin import meanings as of_applications
from apps.models import Project
from clusters.admin import meanings as of_clusters
from paas.core import meanings
from paas.core.codes import codes
from paas.identity import meanings as of_people
from paas.identity.models import DeviceGrant, Team
from paas.identity.roles import PLATFORM_ROLES
from tests import messages

ROOMS = (meanings, of_people, of_clusters, of_applications)
REFUSALS = [code for room in ROOMS for code in room.REFUSALS]
ACTIONS = [action for room in ROOMS for action in room.ACTIONS]
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def written():
    """Actions as they stand where events are written: texts, and patterns of those that are put together."""
    cli = messages.ROOT / "paas" / "cli"
    files = (path for room in ("apps", "clusters", "paas") for path in (messages.ROOT / room).rglob("*.py"))
    for path in files:
        if path.is_relative_to(cli):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            given = []
            if isinstance(node, ast.Call):
                given = [each.value for each in node.keywords if each.arg == "action"]
                given += node.args[:3] if getattr(node.func, "id", "") in {"_write", "_change"} else []
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "action":
                given = [node.value]
            for value in given:
                yield from shapes(value)


def shapes(value):
    if isinstance(value, ast.IfExp):
        yield from (*shapes(value.body), *shapes(value.orelse))
    elif isinstance(value, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "{}" for each in value.values)
        yield "".join(parts)
    elif isinstance(value, ast.Constant) and ACTION.fullmatch(str(value.value)):
        yield value.value


# Those that are put together, and all that come of it.
PUT_TOGETHER = {
    "{}.member_{}": {f"{of._meta.model_name}.member_{end}" for of in (Team, Project) for end in ("added", "removed")},
    "user.{}_set": {f"user.{role}_set" for role in PLATFORM_ROLES},
    "user.{}_mirrored": {f"user.{role}_mirrored" for role in PLATFORM_ROLES},
    "device.{}": {f"device.{state}" for state in set(DeviceGrant.State.values) - {DeviceGrant.State.PENDING}},
}


def test_every_code_has_a_meaning_and_every_meaning_a_code():
    assert sorted(REFUSALS) == sorted({each.code for each in codes()})


def test_every_action_has_words_and_all_words_an_action():
    found = {*written()}
    assert {each for each in found if "{" in each} == {*PUT_TOGETHER}
    plain = {each for each in found if "{" not in each}
    assert sorted(ACTIONS) == sorted(plain.union(*PUT_TOGETHER.values()))


@pytest.mark.parametrize("code", REFUSALS)
def test_a_meaning_is_told_in_chinese(code):
    with translation.override("zh-hans"):
        assert re.search(r"[\u4e00-\u9fff]", meanings.of_refusal(code))


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_told_in_chinese(action):
    with translation.override("zh-hans"):
        assert re.search(r"[\u4e00-\u9fff]", meanings.of_action(action))
    assert meanings.of_action(action) != action


def test_codes_made_of_a_name_mean_what_their_end_means():
    assert meanings.of_refusal("team_not_found") == meanings.of_refusal("…_not_found") != ""
    assert meanings.of_refusal("nobody_registered_this") == ""
    assert meanings.of_action("nobody.registered") == "nobody.registered"
