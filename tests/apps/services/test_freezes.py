"""A freeze keeps out what is new, for as long as it says and no longer; going back stays possible."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps import services
from apps.appfile import validate
from apps.models import FreezeWindow, Release
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent
from paas.identity import services as identity


@pytest.fixture
def freeze(team, owner):
    """freeze(environments=["production"]) of an hour that has begun, of the team."""

    def go(*, environments=("production",), of=team, actor=owner, begins=-30, ends=30):
        now = timezone.now()
        return services.declare_freeze(
            team=of,
            starts=(now + timedelta(minutes=begins)).isoformat(),
            ends=(now + timedelta(minutes=ends)).isoformat(),
            environments=environments,
            actor=actor,
            reason="the year ends",
        )

    return go


@pytest.fixture
def environment(deploy):
    return deploy().releases[0].environment


def test_a_deploy_is_refused_with_the_reason_and_the_end(deploy, environment, freeze):
    window = freeze()
    with pytest.raises(Conflict) as refusal:
        deploy(greeting="hi")
    assert refusal.value.code == "frozen"
    assert "the year ends" in refusal.value.message
    assert window.local(window.ends_at) in refusal.value.message
    assert Release.objects.count() == 1


def test_what_changes_nothing_is_no_release(deploy, environment, freeze):
    freeze()
    assert deploy().unchanged == ("production",)


@pytest.mark.parametrize(("begins", "ends"), [(10, 20), (-20, 0.0005)])
def test_before_and_after_nothing_is_kept_out(deploy, environment, freeze, begins, ends):
    freeze(begins=begins, ends=ends)
    FreezeWindow.objects.filter(starts_at__lt=timezone.now()).update(ends_at=timezone.now())
    assert deploy(greeting="hi").releases


def test_others_are_not_meant(deploy, environment, freeze, admin):
    freeze(environments=["staging"])
    other = identity.create_team(name="other", actor=admin)
    freeze(of=other, actor=admin)
    assert deploy(greeting="hi").releases


def test_without_names_all_that_are_protected_are(deploy, environment, freeze, owner, person, team):
    freeze(environments=())
    assert deploy(greeting="hi").releases
    services.protect_environment(environment=environment, protected=True, actor=owner)
    # Proposing is not releasing: it may wait for the end.
    proposal = deploy(greeting="ho").proposals[0]
    second = person("sam", team, "owner")
    with pytest.raises(Conflict) as refusal:
        services.approve_release(proposal=proposal, actor=second)
    assert refusal.value.code == "frozen"
    proposal.refresh_from_db()
    assert proposal.state == "Pending"
    made = services.approve_release(proposal=proposal, actor=second, reason="the shop is down", override_freeze=True)
    assert made.number == 3


def test_the_platform_freezes_all_teams(deploy, environment, freeze, operator, owner):
    with pytest.raises(Forbidden):
        freeze(of=None, actor=owner)
    freeze(of=None, actor=operator)
    with pytest.raises(Conflict):
        deploy(greeting="hi")


def test_going_back_stays_possible(deploy, environment, freeze, owner):
    deploy(greeting="hi")
    freeze()
    made = services.rollback(environment=environment, actor=owner, reason="broken")
    assert made.release.number == 3


def test_config_releases_nothing_new(environment, freeze, configure):
    freeze()
    with pytest.raises(Conflict) as refusal:
        configure(environment.application, COLOUR="blue")
    assert refusal.value.code == "frozen"
    configure(environment.application, release=False, COLOUR="blue")
    assert Release.objects.count() == 1


def test_an_owner_passes_it_with_a_reason_and_it_is_told(
    deploy, environment, freeze, project, document, owner, person, team
):
    window = freeze()
    order = {"project": project, "app_file": validate(document(greeting="hi")), "override_freeze": True}
    with pytest.raises(Forbidden):
        services.deploy(**order, actor=person("dora", team, "developer"), reason="now")
    with pytest.raises(Invalid) as refusal:
        services.deploy(**order, actor=owner)
    assert refusal.value.code == "reason_required"
    assert services.deploy(**order, actor=owner, reason="the shop is down").releases
    event = AuditEvent.objects.get(action="freeze.overridden")
    assert (event.actor, event.object_id, event.after) == (owner, str(window.pk), {"environment": "hello/production"})


def test_it_is_ended_by_hand_once(deploy, environment, freeze, owner, viewer):
    window = freeze()
    with pytest.raises(Forbidden):
        services.end_freeze(freeze=window, actor=viewer)
    services.end_freeze(freeze=window, actor=owner, reason="all done")
    assert deploy(greeting="hi").releases
    with pytest.raises(Conflict) as refusal:
        services.end_freeze(freeze=window, actor=owner)
    assert refusal.value.code == "freeze_over"


def test_times_are_those_of_the_zone(team, owner):
    year = timezone.now().year + 1
    made = services.declare_freeze(
        team=team, starts=f"{year}-07-01T18:00", ends=f"{year}-07-02T08:00", time_zone="Asia/Shanghai", actor=owner,
        reason="maintenance",
    )  # fmt: skip
    assert made.starts_at == datetime(year, 7, 1, 10, 0, tzinfo=UTC)
    assert made.local(made.starts_at) == f"{year}-07-01 18:00 Asia/Shanghai"


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"starts": "soon"},
        {"ends": "2020-01-01T00:00"},
        {"ends": "2200-01-01T00:00"},
        {"environments": [""]},
        {"environments": ["x" * 64]},
    ],
)
def test_what_is_no_freeze_is_refused(team, owner, wrong):
    year = timezone.now().year + 1
    order = {"starts": f"{year}-07-01T18:00", "ends": f"{year}-07-02T08:00", "reason": "r", **wrong}
    with pytest.raises(Invalid) as refusal:
        services.declare_freeze(team=team, actor=owner, **order)
    assert refusal.value.code == "freeze_invalid"
    assert not FreezeWindow.objects.exists()


def test_who_may_not_view_the_team_does_not_end_its_freeze(freeze, stranger):
    with pytest.raises(NotFound):
        services.end_freeze(freeze=freeze(), actor=stranger)


def test_by_the_api(api, deploy, environment, document, owner, viewer, stranger, operator):
    year = timezone.now().year
    body = {
        "team": "crew", "environments": ["production"], "starts": f"{year}-01-01T00:00", "reason": "the year ends",
        "ends": (timezone.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    body["starts"] = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert api(viewer).post("/api/v1/freezes/", body).status_code == 403
    assert api(stranger).post("/api/v1/freezes/", body).json()["code"] == "team_not_found"
    made = api(owner).post("/api/v1/freezes/", body)
    assert (made.status_code, made.json()["team"]) == (201, "crew")
    everywhere = api(operator).post("/api/v1/freezes/", {**body, "team": None, "environments": []}).json()
    assert {each["team"] for each in api(viewer).get("/api/v1/freezes/").json()["results"]} == {"crew", None}
    assert [each["id"] for each in api(stranger).get("/api/v1/freezes/").json()["results"]] == [everywhere["id"]]
    order = {"appFile": document(greeting="hi"), "reason": "now"}
    address = "/api/v1/projects/demo/applications/hello/"
    refused = api(owner).put(address, order)
    assert (refused.status_code, refused.json()["code"]) == (409, "frozen")
    assert api(owner).put(address, {**order, "override_freeze": True}).json()["deployed"] == {"production": 2}
    at = f"/api/v1/freezes/{made.json()['id']}/"
    assert api(viewer).post(f"{at}end/").status_code == 403
    assert api(owner).post(f"{at}end/", {"reason": "done"}).json()["ended_by"] == "olga"
    assert [each["team"] for each in api(owner).get("/api/v1/freezes/?team=crew").json()["results"]] == []
    assert len(api(owner).get("/api/v1/freezes/?team=crew&over=true").json()["results"]) == 1


def test_on_the_page(client, deploy, environment, project, document, owner, viewer):
    page = reverse("admin:freezes")
    client.force_login(viewer)
    assert "Owners of a team freeze its environments" in client.get(page).content.decode()
    client.force_login(owner)
    now = timezone.now()
    said = {
        "team": "crew", "environments": "production, staging", "time_zone": "UTC", "reason": "the year ends",
        "starts": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "ends": (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    assert "freeze_invalid" in client.post(page, {**said, "time_zone": "Mars"}).content.decode()
    assert "Frozen until" in client.post(page, said, follow=True).content.decode()
    window = FreezeWindow.objects.get()
    assert window.environments == ["production", "staging"]
    form = {"file": json.dumps(document(greeting="hi")), "reason": "the shop is down"}
    address = reverse("admin:applications_project_deploy", args=[project.pk])
    assert "frozen" in client.post(address, form).content.decode()
    assert client.post(address, {**form, "override_freeze": "on"}).status_code == 302
    shown = client.get(page).content.decode()
    assert "the shop is down" in shown
    assert "olga released hello/production in spite of it" in shown
    ended = client.post(reverse("admin:freeze_end", args=[window.pk]), {}, follow=True).content.decode()
    assert "The freeze is over." in ended
