"""Protected keys: proposed by one, accepted by another, and by nobody else."""

import pytest

from apps import services
from apps.config import Declaration
from apps.models import ConfigChange, ConfigProposal, Release
from apps.selectors.config import entries, scope_of
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent

PROTECTED = {"LIMIT": Declaration(type="integer", protected=True)}


@pytest.fixture
def second(person, team):
    return person("sofia", team, "owner")


@pytest.fixture
def protect(configure, team):
    configure(team, LIMIT="10", declare=PROTECTED)


def value(row, key="LIMIT"):
    found = entries([row.pk])[row.pk].get(key)
    return found and found.value


def test_a_change_waits_for_a_second_person(protect, deploy, configure, project, owner, second):
    deploy()
    changed = configure(project, LIMIT="20", reason="more guests")
    assert (changed.proposal.state, [each.release.number for each in changed.releases]) == ("Open", [2])
    assert (value(project), Release.objects.count()) == (None, 1)
    accepted = services.accept_proposal(proposal=changed.proposal, actor=second, reason="yes")
    assert (value(project), Release.objects.count()) == ("20", 2)
    assert accepted.releases[0].release.reason == "config LIMIT changed: more guests"
    row = ConfigChange.objects.first()
    assert (row.created_by, row.created_by_name, row.accepted_by_name) == (owner, "olga", "sofia")
    proposal = ConfigProposal.objects.get()
    assert (proposal.state, proposal.decided_by_name, proposal.decision_reason) == ("Accepted", "sofia", "yes")
    assert AuditEvent.objects.filter(action="config.proposed").exists()
    with pytest.raises(Conflict) as refused:
        services.accept_proposal(proposal=changed.proposal, actor=second)
    assert refused.value.code == "config_proposal_decided"


def test_who_proposed_does_not_accept(protect, configure, project, owner, viewer, stranger):
    proposal = configure(project, LIMIT="20").proposal
    with pytest.raises(Forbidden) as refused:
        services.accept_proposal(proposal=proposal, actor=owner)
    assert refused.value.code == "second_person_required"
    with pytest.raises(Forbidden):
        services.accept_proposal(proposal=proposal, actor=viewer)
    with pytest.raises(NotFound):
        services.accept_proposal(proposal=proposal, actor=stranger)
    assert value(project) is None


def test_a_superuser_alone_is_one_person(protect, configure, project, admin):
    proposal = configure(project, actor=admin, LIMIT="20").proposal
    with pytest.raises(Forbidden):
        services.accept_proposal(proposal=proposal, actor=admin)


def test_it_is_refused_or_taken_back(protect, configure, project, owner, second):
    for actor in (second, owner):
        proposal = configure(project, LIMIT="20").proposal
        services.refuse_proposal(proposal=proposal, actor=actor, reason="no")
        proposal.refresh_from_db()
        assert (proposal.state, proposal.decided_by_name) == ("Refused", actor.username)
    assert value(project) is None
    assert AuditEvent.objects.filter(action="config.refused", reason="no").count() == 2


def test_what_changed_meanwhile_is_not_overwritten(protect, configure, project, second):
    one, other = configure(project, LIMIT="20").proposal, configure(project, LIMIT="30").proposal
    services.accept_proposal(proposal=one, actor=second)
    with pytest.raises(Conflict) as refused:
        services.accept_proposal(proposal=other, actor=second)
    assert (refused.value.code, value(project)) == ("config_proposal_overtaken", "20")


def test_taking_away_the_protection_needs_two_as_well(protect, configure, team, second):
    changed = configure(team, declare={"LIMIT": None})
    assert changed.proposal
    services.accept_proposal(proposal=changed.proposal, actor=second)
    assert configure(team, LIMIT="30").proposal is None


def test_a_wider_layer_does_not_go_around_it(configure, deploy, project, team, owner):
    deploy()
    configure(project.applications.get(), declare=PROTECTED)
    assert configure(team, LIMIT="1").proposal
    assert configure(None, LIMIT="1").proposal
    assert configure(project, LIMIT="1").proposal
    other = services.create_project(team=team, name="other", actor=owner)
    assert configure(other, LIMIT="1").proposal is None


def test_an_act_with_one_protected_key_waits_as_a_whole(protect, configure, project):
    assert configure(project, LIMIT="20", FREE="1").proposal
    assert value(project, "FREE") is None
    assert configure(project, FREE="1").proposal is None


def test_what_cannot_be_is_not_proposed(protect, configure, project):
    with pytest.raises(Invalid):
        configure(project, LIMIT="many")
    assert not ConfigProposal.objects.exists()


def test_a_dry_run_proposes_nothing(protect, configure, project):
    assert configure(project, LIMIT="20", dry_run=True).proposal
    assert not ConfigProposal.objects.exists()


def test_a_proposal_of_what_is_gone(protect, configure, deploy, owner, second):
    application = deploy().application
    proposal = configure(application, LIMIT="20").proposal
    services.retire(application=application, actor=owner, confirm="hello")
    type(application).objects.filter(pk=application.pk).update(retired_at="2026-01-01T00:00:00Z")
    with pytest.raises(NotFound):
        services.accept_proposal(proposal=proposal, actor=second)
    assert scope_of(application).kind == "application"
