"""Roles, explanations, approvals, freezes and break-glass in a browser: light and dark, wide and narrow, and live."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps import services
from paas.identity.break_glass import take_role
from tests.apps.browser.looks import in_each_look, look_at

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


@in_each_look
def test_nothing_serious_stands_in_anyone_s_way(sign_in, served, addresses, owner, errors, scheme, width):
    look_at(sign_in(owner), served, addresses, scheme, width)
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
