"""From nothing to a release that broke and back, and what is done to an application that runs, with Tab, Enter and
letters alone: no step takes a mouse, and where the focus is can be seen at each.
"""

import pytest
from django.urls import reverse

from apps.models import Environment, Release
from clusters.models import Work
from tests.apps.browser.keyboard import (
    Keyboard,
    compare,
    configure,
    first_deploy,
    next_deploy,
    roll_back,
    run_now,
    to_application,
    to_project,
    understand,
)

pytestmark = pytest.mark.browser

REPORT = {"schedule": {"name": "report", "schedule": "30 3 * * *", "cpu": "50m", "memory": "64Mi"}}
SCALED = {"autoscale": {"process": "web", "min": 2, "max": 5}}


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


def test_create_deploy_break_understand_mend_and_roll_back(
    sign_in, project, owner, east, document, broken, observe, errors
):
    page = sign_in(owner)
    keys = Keyboard(page)
    to_project(keys, project)
    first_deploy(keys, document())
    next_deploy(keys, {**document(), "image": f"registry.example/hello@sha256:{'b' * 64}"})
    page.get_by_text("Live", exact=True).wait_for()
    broken()
    understand(keys, "Container main crashed (exit code 3)")
    next_deploy(keys, {**document(), "image": f"registry.example/hello@sha256:{'c' * 64}"}, number=3)
    page.get_by_text("Live", exact=True).wait_for()
    observe(Environment.objects.get())
    page.get_by_text("All is delivered and healthy.").first.wait_for()
    roll_back(keys, link="Roll back… production r1", number=4)
    last = Release.objects.get(number=4)
    assert (last.rolled_back_to.number, last.reason, last.created_by_name) == (1, "it broke", "olga")
    assert errors == []


def test_scale_run_a_schedule_configure_compare_and_find_who_changed_it(sign_in, owner, west, deploy, document, errors):
    production, staging = {"clusters": ["east"]}, {"clusters": ["west"]}
    both = {"production": production, "staging": staging}
    application = deploy(environments=both, blocks=[REPORT]).application
    page = sign_in(owner)
    keys = Keyboard(page)
    to_application(keys, application)
    scaled = {**both, "production": {**production, "blocks": [SCALED]}}
    next_deploy(keys, document(environments=scaled, blocks=[REPORT]))
    keys.skip()
    keys.press("Scaling")
    page.get_by_role("region", name="web, east").get_by_text("Fewest").wait_for()
    run_now(keys, "report")
    assert Work.objects.get(name="run-report-1").cluster.name == "east"
    configure(keys, "LOG_LEVEL", "debug", reason="a customer waits")
    assert [each.current_release.number for each in application.environments.order_by("name")] == [3, 1]
    to_application(keys, application)
    compare(keys, *application.environments.order_by("name"))
    [differs] = page.locator("#matrix tbody tr").all()
    assert "debug" in differs.inner_text()
    keys.skip()
    keys.press("LOG_LEVEL")
    changed = page.get_by_role("row").filter(has_text="environment/demo/hello/production")
    changed.get_by_text("a customer waits").wait_for()
    assert changed.get_by_role("cell", name="olga", exact=True).is_visible()
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
    keys.press("Take victor out of crew")
    page.get_by_text("victor is no member any more.").wait_for()
    assert errors == []
