"""A cordoned team gets nothing new, a protected one loses nothing; what runs goes on."""

import threading

import pytest
from django.db import connection, transaction

from apps import services
from apps.appfile import validate
from apps.models import Application, Environment, Release
from apps.selectors.config import scope_of
from apps.services.config import Edit
from apps.services.tenants import renew_grounds
from clusters.models import Work
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent
from paas.identity import holds
from paas.identity import services as identity
from paas.identity.explanation import explain
from paas.identity.models import Team
from tests.row_locks import until_someone_waits_for_a_row

SCHEDULE = {"schedule": {"name": "report", "schedule": "30 3 * * *", "cpu": "50m", "memory": "64Mi"}}
WHY = "unpaid since June"


@pytest.fixture
def cordon(team, operator):
    def go(cordoned=True, reason=WHY, actor=operator):
        return holds.cordon_team(team=team, cordoned=cordoned, reason=reason, actor=actor)

    return go


@pytest.fixture
def protect(team, owner):
    def go(protected=True, reason="", actor=owner):
        return holds.protect_team(team=team, protected=protected, reason=reason, actor=actor)

    return go


def desired():
    return list(Work.objects.order_by("pk").values_list("pk", "generation", "intent"))


def refused(act):
    with pytest.raises(Conflict) as found:
        act()
    return found.value


def test_nothing_new_is_accepted(deploy, cordon, owner, team, project, west, document):
    deploy(greeting="one", blocks=[SCHEDULE])
    deploy(greeting="two", blocks=[SCHEDULE])
    environment = Environment.objects.get()
    # So that a rendering would differ.
    before, releases = desired(), Release.objects.count()
    cordon()
    give = {"environment": environment, "actor": owner}
    edit = Edit({"LEVEL": "debug"}, {})
    for name, act in {
        "a release": lambda: deploy(greeting="three"),
        "another application": lambda: deploy(name="other", host="other.example"),
        "going back": lambda: services.rollback(**give),
        "another cluster": lambda: services.set_placement(placement={"clusters": ["east", "west"]}, **give),
        "rendering anew": lambda: services.rerender(**give),
        "a run": lambda: services.run_schedule(schedule="report", **give),
        "an environment": lambda: services.create_environment(
            project=project, application="hello", name="staging", actor=owner
        ),
        "a project": lambda: services.create_project(team=team, name="more", actor=owner),
        "a configuration that releases": lambda: services.change_config(
            scope=scope_of(environment), edit=edit, actor=owner
        ),
        "a rehearsal": lambda: services.dry_run_deploy(
            project=project, app_file=validate(document(greeting="four")), actor=owner
        ),
    }.items():
        refusal = refused(act)
        assert (name, refusal.code) == (name, "team_cordoned")
        assert WHY in refusal.message
        assert "dougong team uncordon crew" in refusal.remedy
    assert (desired(), Release.objects.count()) == (before, releases)
    assert (Application.objects.count(), Environment.objects.count()) == (1, 1)


def test_a_proposal_is_neither_made_nor_approved(deploy, cordon, owner, person, team):
    environment = deploy().releases[0].environment
    services.protect_environment(environment=environment, protected=True, actor=owner)
    proposal = deploy(greeting="hi").proposals[0]
    cordon()
    second = person("sam", team, "releaser")
    assert refused(lambda: services.approve_release(proposal=proposal, actor=second)).code == "team_cordoned"
    assert refused(lambda: deploy(greeting="ho")).code == "team_cordoned"
    proposal.refresh_from_db()
    assert proposal.state == "Pending"


def test_what_runs_is_kept_and_may_go(deploy, cordon, owner, operator, team):
    deploy()
    cordon()
    assert {each.intent for each in Work.objects.all()} == {Work.Intent.PRESENT}
    services.set_tenant_policy(team=team, cluster=None, figures={"pods": 3}, actor=operator)
    assert renew_grounds() == 1
    environment = Environment.objects.get()
    services.set_secret(environment=environment, name="word", values={"WORD": "x"}, actor=owner)
    services.retire_environment(environment=environment, confirm="production", actor=owner)
    environment.refresh_from_db()
    assert environment.retiring_at is not None


def test_it_ends_and_all_goes_on(deploy, cordon):
    deploy()
    cordon()
    cordon(False, reason="paid")
    assert deploy(greeting="hi").releases[0].number == 2
    begun, ended = AuditEvent.objects.filter(action__in=["team.cordoned", "team.uncordoned"]).order_by("pk")
    assert (begun.actor_name, begun.reason, begun.object_name) == ("oscar", WHY, "crew")
    assert (ended.before["why"], ended.after["cordoned"], ended.reason) == (WHY, False, "paid")


def test_other_teams_notice_nothing(deploy, cordon, admin, person):
    other = identity.create_team(name="others", actor=admin)
    boss = person("otto", other, "owner")
    project = services.create_project(team=other, name="else", actor=boss)
    cordon()
    assert deploy(into=project, actor=boss).releases[0].number == 1


def test_operators_alone_cordon_and_say_why(cordon, owner, stranger, team):
    with pytest.raises(Forbidden):
        cordon(actor=owner)
    with pytest.raises(NotFound):
        holds.protect_team(team=team, protected=True, actor=stranger)
    with pytest.raises(Invalid) as refusal:
        cordon(reason=" ")
    assert refusal.value.code == "reason_required"
    cordon(False)
    team.refresh_from_db()
    assert team.cordoned_at is None
    assert not AuditEvent.objects.filter(action__startswith="team.cordon").exists()


def test_who_explains_a_permission_is_told(deploy, cordon, owner, viewer, team):
    environment = deploy().releases[0].environment
    cordon()
    environment = Environment.objects.get(pk=environment.pk)
    found = explain(actor=owner, person=owner, action="deploy", obj=environment)
    assert (found.allowed, found.cordoned_by, found.cordon_reason) == (True, "oscar", WHY)
    found = explain(actor=viewer, person=viewer, action="view", obj=environment)
    assert (found.cordoned_by, found.cordon_reason) == ("", "")
    assert explain(actor=owner, person=owner, action="own", obj=Team.objects.get(pk=team.pk)).cordoned_by == "oscar"


def test_nothing_of_a_protected_team_is_removed(deploy, protect, owner):
    deploy()
    environment = Environment.objects.get()
    before = desired()
    protect()
    application = environment.application
    for act in (
        lambda: services.retire(application=application, confirm="hello", actor=owner),
        lambda: services.retire_environment(environment=environment, confirm="production", actor=owner),
    ):
        refusal = refused(act)
        assert refusal.code == "team_protected"
        assert "dougong team protect crew --off" in refusal.remedy
    assert desired() == before
    deploy(greeting="hi")
    with pytest.raises(Invalid) as needed:
        protect(False)
    assert needed.value.code == "reason_required"
    protect(False, reason="we close")
    services.retire(application=application, confirm="hello", actor=owner)
    said = AuditEvent.objects.filter(action__in=["team.protected", "team.unprotected"]).order_by("pk")
    assert [(each.action, each.reason) for each in said] == [
        ("team.protected", ""), ("team.unprotected", "we close"),
    ]  # fmt: skip


def test_owners_alone_protect(protect, operator, viewer):
    for actor in (operator, viewer):
        with pytest.raises(Forbidden):
            protect(actor=actor)


@pytest.mark.django_db(transaction=True)
def test_whoever_has_begun_is_awaited(deploy, cordon, team):
    """A cordon waits for a release that is under way: none comes after it."""
    submitted, go_on, seen = threading.Event(), threading.Event(), []

    def release():
        with transaction.atomic():
            deploy()
            submitted.set()
            go_on.wait(20)
            seen.append(Team.objects.filter(pk=team.pk, cordoned_at=None).exists())
        connection.close()

    def hold():
        cordon()
        seen.append("cordoned")
        connection.close()

    threads = [threading.Thread(target=each) for each in (release, hold)]
    threads[0].start()
    assert submitted.wait(20)
    threads[1].start()
    until_someone_waits_for_a_row()
    go_on.set()
    for each in threads:
        each.join(20)
    assert seen == [True, "cordoned"]
    assert Release.objects.count() == 1
    assert refused(lambda: deploy(greeting="hi")).code == "team_cordoned"
