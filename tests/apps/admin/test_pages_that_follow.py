"""The pages of freezes, of a team and of schedules follow what happens, and ask each time who may view it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps import services
from apps.admin import freezes, schedules
from apps.models import Environment, FreezeWindow
from paas.core.site import console
from paas.identity import break_glass, holds, service_accounts
from paas.identity import services as identity
from paas.identity.admin import TeamAdmin
from paas.identity.models import Team

HEARD = "paas.core.sse._publish"


@pytest.fixture
def frozen(team, owner):
    now = timezone.now()
    return services.declare_freeze(
        team=team, starts=now.isoformat(), ends=(now + timedelta(hours=1)).isoformat(),
        environments=["production"], actor=owner, reason="the year ends",
    )  # fmt: skip


def test_freezes(client, first_state, frozen, owner, viewer, stranger):
    client.force_login(viewer)
    assert f'data-live="{reverse("admin:freezes_live")}"' in client.get(reverse("admin:freezes")).content.decode()
    assert "the year ends" in first_state(freezes.live_view, viewer)
    assert "Nothing is frozen." in first_state(freezes.live_view, stranger)
    end = reverse("admin:freeze_end", args=[frozen.pk])
    assert end in first_state(freezes.live_view, owner)
    assert end not in first_state(freezes.live_view, viewer)
    services.end_freeze(freeze=FreezeWindow.objects.get(), actor=owner)
    assert "ended by olga" in first_state(freezes.live_view, viewer)


def test_a_team(client, first_state, team, project, owner, viewer, admin):
    live = TeamAdmin(Team, console).team_live
    client.force_login(viewer)
    page = client.get(reverse("admin:identity_team_change", args=[team.pk])).content.decode()
    assert f'data-live="{reverse("admin:identity_team_live", args=[team.pk])}"' in page
    assert "demo" in first_state(live, viewer, team.pk)
    holds.cordon_team(team=team, cordoned=True, actor=admin, reason="an audit")
    assert "an audit" in first_state(live, viewer, team.pk)
    identity.remove_member(team=team, user=viewer, actor=owner)
    assert "team_not_found" in first_state(live, viewer, team.pk)


def test_whatever_a_team_s_page_tells_is_hinted(team, owner, operator, monkeypatch, django_capture_on_commit_callbacks):
    heard = []
    monkeypatch.setattr(HEARD, heard.append)
    acts = [
        lambda: holds.protect_team(team=team, protected=True, actor=owner),
        lambda: holds.cordon_team(team=team, cordoned=True, actor=operator, reason="an audit"),
        lambda: service_accounts.create_service_account(team=team, name="ci", actor=owner),
        lambda: break_glass.take_role(team=team, role="viewer", actor=operator, reason="to look"),
        lambda: break_glass.end_taken_role(taken=team.taken_roles.get(), actor=owner),
    ]
    for act in acts:
        heard.clear()
        with django_capture_on_commit_callbacks(execute=True):
            act()
        assert "teams" in heard


def test_schedules(client, first_state, deploy, team, owner, viewer):
    deploy(blocks=[{"schedule": {"name": "report", "schedule": "30 3 * * *", "cpu": "50m", "memory": "64Mi"}}])
    environment = Environment.objects.get()
    client.force_login(viewer)
    page = client.get(reverse("admin:applications_environment_schedules", args=[environment.pk])).content.decode()
    assert f'data-live="{reverse("admin:applications_environment_schedules_live", args=[environment.pk])}"' in page
    assert "The cluster has no run of it." in first_state(schedules.live, viewer, environment.pk)
    identity.remove_member(team=team, user=viewer, actor=owner)
    assert "environment_not_found" in first_state(schedules.live, viewer, environment.pk)
