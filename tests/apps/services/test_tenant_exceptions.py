"""Exceptions to what a team gets: asked for, decided, and over by themselves."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps import services
from apps.models import Placement, TenantException
from apps.selectors.tenants import policies
from apps.services.exceptions import end_due
from apps.services.tenants import renew_grounds
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent


@pytest.fixture
def ask(team, owner, east):
    def go(actor=owner, cluster=east, days=7, reason="a load test", **figures):
        return services.propose_exception(
            team=team, cluster=cluster, figures=figures, days=days, reason=reason, actor=actor
        )

    return go


@pytest.fixture
def cpu(team, east):
    return lambda: policies(team, [east])[east.pk].cpu


def actions():
    return list(
        AuditEvent.objects.filter(action__startswith="tenant_exc").order_by("pk").values_list("action", flat=True)
    )


def test_asked_for_decided_and_over_by_itself(ask, deploy, operator, cpu, monkeypatch):
    deploy()
    row = ask(cpu="64")
    assert (row.state, row.owner_name, row.ends_at, cpu()) == ("Proposed", "olga", None, "32")
    assert not Placement.objects.filter(ground_due=True).exists()
    row = services.accept_exception(exception=row, actor=operator, reason="go on")
    assert (row.state, row.decided_by_name, cpu()) == ("InForce", "oscar", "64")
    assert row.ends_at - timezone.now() > timedelta(days=6, hours=23)
    assert renew_grounds() == 1
    assert end_due() == 0
    later = timezone.now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert end_due() == 1
    row.refresh_from_db()
    assert (row.state, row.ended_at, cpu()) == ("Ended", later, "32")
    assert renew_grounds() == 1
    assert actions() == ["tenant_exception.proposed", "tenant_exception.accepted", "tenant_exception.ended"]
    events = list(AuditEvent.objects.filter(action__startswith="tenant_exc").order_by("pk"))
    assert [each.actor_name for each in events] == ["olga", "oscar", "system"]
    assert {each.object_name for each in events} == {"crew"}
    assert events[0].after == {
        "of": "crew on east", "figures": {"cpu": "64"}, "days": 7, "owner": "olga", "why": "a load test",
    }  # fmt: skip


def test_it_holds_before_every_other_layer(ask, operator, team, east, cpu):
    services.set_tenant_policy(team=team, cluster=east, figures={"cpu": "8"}, actor=operator)
    ask(operator, cpu="64")
    assert cpu() == "64"
    ask(operator, cluster=None, cpu="96")
    assert cpu() == "96"  # the newest


def test_an_operator_s_is_in_force_at_once(ask, operator, cpu):
    assert ask(operator, cpu="64").state == "InForce"
    assert cpu() == "64"
    assert actions() == ["tenant_exception.proposed", "tenant_exception.accepted"]


@pytest.mark.parametrize("accepted", [False, True])
def test_it_is_ended_before_its_day(ask, owner, operator, cpu, accepted):
    row = ask(cpu="64")
    if accepted:
        services.accept_exception(exception=row, actor=operator)
    row = services.end_exception(exception=row, actor=owner, reason="no longer needed")
    assert (row.state, cpu()) == ("Ended", "32")
    assert AuditEvent.objects.get(action="tenant_exception.ended").reason == "no longer needed"


def test_it_is_refused(ask, operator, cpu):
    row = services.end_exception(exception=ask(cpu="64"), actor=operator, reason="no room")
    assert (row.state, cpu()) == ("Refused", "32")
    assert AuditEvent.objects.get(action="tenant_exception.refused").reason == "no room"
    for decide in (services.accept_exception, services.end_exception):
        with pytest.raises(Conflict) as refused:
            decide(exception=row, actor=operator)
        assert refused.value.code == "tenant_exception_decided"


def test_who_may_what(ask, owner, viewer, stranger):
    with pytest.raises(Forbidden):
        ask(viewer, cpu="64")
    with pytest.raises(NotFound):
        ask(stranger, cpu="64")
    row = ask(cpu="64")
    for actor, expected in ((owner, Forbidden), (viewer, Forbidden), (stranger, NotFound)):
        with pytest.raises(expected):
            services.accept_exception(exception=row, actor=actor)
    with pytest.raises(Forbidden):
        services.end_exception(exception=row, actor=viewer)
    assert TenantException.objects.get().state == "Proposed"


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"days": 91}, {"reason": " "}, {"cpu": "much"}, {"cpu": None, "memory": "8Gi", "gpu": "1"}]
)
def test_what_is_wrong_is_refused(ask, wrong):
    with pytest.raises(Invalid):
        ask(**{"cpu": "64", **wrong})
    with pytest.raises(Invalid):
        ask()
    assert not TenantException.objects.exists()


def test_by_the_api(api, owner, operator, stranger, team, east):
    at = "/api/v1/teams/crew/exceptions/"
    order = {"cluster": "east", "figures": {"cpu": "64"}, "days": 3, "reason": "a load test"}
    made = api(owner).post(at, order, format="json")
    assert made.status_code == 201
    decided = f"{at}{made.json()['id']}/"
    assert api(owner).post(f"{decided}accept/", {}, format="json").status_code == 403
    assert api(stranger).post(f"{decided}accept/", {}, format="json").status_code == 404
    assert api(owner).post(f"{decided}other/", {}, format="json").status_code == 404
    answer = api(operator).post(f"{decided}accept/", {"reason": "go on"}, format="json").json()
    assert (answer["state"], answer["decided_by"], answer["cluster"]) == ("InForce", "oscar", "east")
    assert datetime.fromisoformat(answer["ends_at"]) > timezone.now()
    assert [each["owner"] for each in api(owner).get(at).json()] == ["olga"]
    assert api(owner).post(at, {**order, "days": 91}, format="json").status_code == 400
    assert api(owner).post(at, {**order, "cluster": "moon"}, format="json").status_code == 404
    assert api(operator).post(f"{decided}end/", {}, format="json").json()["state"] == "Ended"
    assert api(operator).post(f"{decided}end/", {}, format="json").status_code == 409
