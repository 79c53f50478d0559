"""From nothing to a release that broke and back, with Tab, Enter and letters alone: no step takes a mouse, and where
the focus is can be seen at each.
"""

import pytest
from django.urls import reverse

from apps.models import Environment, Release
from tests.apps.browser.keyboard import Keyboard, first_deploy, next_deploy, roll_back, to_project, understand

pytestmark = pytest.mark.browser


@pytest.fixture
def broken(observe):
    """broken() plays the clusters: the program of the release ends with an error again and again."""

    def go():
        reason = {
            "type": "Ready", "status": "False", "reason": "CrashLoopBackOff",
            "message": "Container main crashed (exit code 3)", "lastTransitionTime": "2026-01-01T00:00:00+00:00",
        }  # fmt: skip
        observe(Environment.objects.get(), "Degraded", conditions=[reason])

    return go


def test_create_deploy_break_understand_and_roll_back(sign_in, project, owner, east, document, broken, errors):
    page = sign_in(owner)
    keys = Keyboard(page)
    to_project(keys, project)
    first_deploy(keys, document())
    next_deploy(keys, {**document(), "image": f"registry.example/hello@sha256:{'b' * 64}"})
    page.get_by_text("Live", exact=True).wait_for()
    broken()
    understand(keys, "Container main crashed (exit code 3)")
    roll_back(keys)
    last = Release.objects.get(number=3)
    assert (last.rolled_back_to.number, last.reason, last.created_by_name) == (1, "it broke", "olga")
    assert errors == []


def test_somebody_is_taken_out_of_a_team(sign_in, served, team, owner, viewer, errors):
    page = sign_in(owner)
    keys = Keyboard(page)
    page.goto(served + reverse("admin:identity_team_change", args=[team.pk]))
    keys.skip()
    keys.press("Change members…")
    page.get_by_role("button", name="Give the role").wait_for()
    keys.skip()
    keys.press("Take out… victor")
    page.get_by_text("loses with it").wait_for()
    keys.skip()
    keys.write("To confirm, type their name: victor", "victor")
    keys.press("Take out")
    page.get_by_text("victor is no member any more.").wait_for()
    assert errors == []
