"""Roles, explanations, approvals, freezes and break-glass in a browser: light and dark, wide and narrow, and live."""

import os
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from apps import services
from paas.identity.break_glass import take_role

pytestmark = pytest.mark.browser


@pytest.fixture
def second(person, team):
    return person("sam", team, "releaser")


@pytest.fixture
def environment(deploy, owner):
    found = deploy().releases[0].environment
    return services.protect_environment(environment=found, protected=True, actor=owner)


@pytest.fixture
def addresses(environment, deploy, team, project, owner, second, operator, stranger):
    proposal = deploy(greeting="hi", reason="a better word").proposals[0]
    services.set_project_member(project=project, user=stranger, role="developer", actor=owner)
    now = timezone.now()
    services.declare_freeze(
        team=team, environments=["production"], starts=(now - timedelta(hours=1)).isoformat(),
        ends=(now + timedelta(hours=1)).isoformat(), time_zone="Europe/Berlin", actor=owner, reason="the year ends",
    )  # fmt: skip
    take_role(team=team, role="owner", actor=operator, reason="checkout is down and nobody answers")
    return {
        "members": reverse("admin:applications_project_members", args=[project.pk]),
        "team": reverse("admin:identity_team_change", args=[team.pk]),
        "break-glass": reverse("admin:identity_team_break_glass", args=[team.pk]),
        "explained": f"{reverse('admin:explain', args=['project/demo'])}?person=stella&action=deploy",
        "refused": f"{reverse('admin:explain', args=['team/crew'])}?person=sam&action=own",
        "approvals": reverse("admin:approvals"),
        "approval": reverse("admin:approval", args=[proposal.pk]),
        "protection": reverse("admin:environment_protection", args=[environment.pk]),
        "freezes": reverse("admin:freezes"),
        "application": reverse("admin:applications_application_change", args=[environment.application_id]),
        "deploy": reverse("admin:applications_application_deploy", args=[environment.application_id]),
    }


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_nothing_serious_stands_in_anyone_s_way(sign_in, served, addresses, owner, errors, scheme, width):
    page = sign_in(owner)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    serious = {}
    for name, address in addresses.items():
        page.goto(served + address)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{name}-{scheme}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, name
        found = Axe().run(page).response["violations"]
        serious[name] = [
            (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in {"serious", "critical"}
        ]
    assert serious == {name: [] for name in addresses}
    assert errors == []


def test_a_proposal_shows_itself_and_the_second_person_approves_it(
    sign_in, served, environment, deploy, second, errors
):
    page = sign_in(second)
    page.goto(served + reverse("admin:approvals"))
    page.get_by_text("Nothing waits.").wait_for()
    deploy(greeting="hi", reason="a better word")
    page.get_by_role("link", name="Approve or decline…").click()
    page.get_by_label("Reason, for the audit trail").fill("fine")
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("is released as r2").wait_for()
    environment.refresh_from_db()
    assert environment.current_release.number == 2
    assert errors == []
