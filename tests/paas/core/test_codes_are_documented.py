"""docs/problems.md knows every code that a refusal can carry."""

from pathlib import Path

import pytest

from paas.core.codes import codes, unread
from paas.core.management.commands.problems_reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "problems.md"


def test_the_page_is_as_the_code_says():
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: DOUGONG_MODE=development .venv/bin/python manage.py problems_reference > docs/problems.md"
    )


def test_every_refusal_can_be_read():
    """Write the code as a text where the refusal is made, or beside its message in the same function."""
    assert unread() == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("host_taken", 409),
        ("cluster_cordoned", 409),
        ("app_file_invalid", 400),
        ("unknown_process", 400),
        ("env_conflict", 400),
        ("if_match_required", 428),
        ("login_failed", 401),
        ("too_many_streams", 503),
        ("…_not_found", 404),
        ("…_invalid", 400),
        ("method_not_allowed", 405),
    ],
)
def test_codes_of_all_kinds_are_found(code, status):
    assert status in {each.status for each in codes() if each.code == code}


def test_what_is_said_comes_with_its_code():
    [found] = [each for each in codes() if each.code == "if_match_required"]
    assert found.messages == ["An edit must name the version it was made for."]
    assert found.remedies
