"""In a protected environment two persons make what is new; going back takes one, who says why."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps import services
from apps.appfile import validate
from apps.models import Release, ReleaseProposal
from clusters.models import Work
from paas.core.errors import Conflict, Forbidden, Invalid
from paas.core.models import AuditEvent
from paas.identity import services as identity
from paas.identity.models import ApiToken
from paas.identity.service_accounts import create_service_account


@pytest.fixture
def releaser(person, team):
    return person("rosa", team, "releaser")


@pytest.fixture
def second(person, team):
    return person("sam", team, "releaser")


@pytest.fixture
def developer(person, team):
    return person("dora", team, "developer")


@pytest.fixture
def environment(deploy, owner):
    """With release 1, and protected since."""
    found = deploy().releases[0].environment
    return services.protect_environment(environment=found, protected=True, actor=owner)


@pytest.fixture
def proposal(deploy, environment, releaser):
    return deploy(actor=releaser, greeting="hi", reason="a better word").proposals[0]


def numbers(environment):
    return list(Release.objects.filter(environment=environment).order_by("number").values_list("number", flat=True))


def test_a_releaser_s_deploy_waits_and_changes_nothing(deploy, environment, releaser):
    before = list(Work.objects.order_by("pk").values_list("pk", "generation", "manifests"))
    made = deploy(actor=releaser, greeting="hi")
    assert made.releases == ()
    assert made.proposals[0].state == "Pending"
    assert numbers(environment) == [1]
    assert list(Work.objects.order_by("pk").values_list("pk", "generation", "manifests")) == before
    environment.refresh_from_db()
    assert environment.current_release.number == 1
    assert environment.application.app_file == environment.current_release.app_file
    assert not AuditEvent.objects.filter(action="environment.deployed", actor=releaser).exists()
    assert AuditEvent.objects.get(action="release.proposed").actor == releaser


def test_a_developer_is_refused_and_told_whom_to_ask(deploy, environment, developer):
    with pytest.raises(Forbidden) as refusal:
        deploy(actor=developer, greeting="hi")
    assert refusal.value.code == "permission_denied"
    assert "'release'" in refusal.value.rule
    assert "olga" in refusal.value.remedy
    assert not ReleaseProposal.objects.exists()


def test_what_cannot_be_released_is_refused_when_it_is_proposed(deploy, environment, releaser):
    with pytest.raises(Invalid):
        deploy(actor=releaser, clusters=["nowhere"])
    assert not ReleaseProposal.objects.exists()


def test_another_person_approves_and_exactly_that_is_released(environment, proposal, releaser, second):
    release = services.approve_release(proposal=proposal, actor=second, reason="looks right")
    assert (release.number, release.created_by, release.reason) == (2, releaser, "a better word")
    assert {**release.spec, "release": ""} == {**proposal.spec, "release": ""}
    environment.refresh_from_db()
    assert environment.current_release == release
    assert environment.application.app_file == proposal.app_file
    proposal.refresh_from_db()
    assert (proposal.state, proposal.release, proposal.decided_by_name) == ("Approved", release, "sam")
    event = AuditEvent.objects.get(action="release.approved")
    assert (event.actor, event.after["proposed_by"], event.reason) == (second, "rosa", "looks right")
    assert AuditEvent.objects.get(action="environment.deployed", actor=second).after["release"] == 2


def test_the_same_person_never_does(proposal, environment, releaser):
    with pytest.raises(Forbidden) as refusal:
        services.approve_release(proposal=proposal, actor=releaser)
    assert refusal.value.code == "second_person_required"
    assert numbers(environment) == [1]


def test_neither_does_a_service_account_nor_who_is_no_releaser(proposal, environment, team, owner, developer):
    account = create_service_account(team=team, name="ci", actor=owner)
    account.groups.set([team.releasers])
    with pytest.raises(Forbidden) as refusal:
        services.approve_release(proposal=proposal, actor=account)
    assert refusal.value.code == "second_person_required"
    with pytest.raises(Forbidden) as refusal:
        services.approve_release(proposal=proposal, actor=developer)
    assert refusal.value.code == "permission_denied"
    assert numbers(environment) == [1]


def test_a_token_for_deploys_proposes_and_does_not_approve(deploy, environment, proposal, second):
    identity.create_token(user=second, scope="deploy", actor=second)
    second.token = ApiToken.objects.get(user=second)
    with pytest.raises(Forbidden) as refusal:
        services.approve_release(proposal=proposal, actor=second)
    assert refusal.value.code == "token_scope"
    assert deploy(actor=second, greeting="ho").proposals[0].proposed_by == second


def test_an_owner_takes_a_second_person_too(deploy, environment, owner, second):
    proposal = deploy(actor=owner, greeting="hi").proposals[0]
    with pytest.raises(Forbidden):
        services.approve_release(proposal=proposal, actor=owner)
    assert services.approve_release(proposal=proposal, actor=second).number == 2


def test_stale_where_another_release_was_made_since(deploy, environment, proposal, owner, second):
    other = deploy(actor=owner, greeting="ho").proposals[0]
    ReleaseProposal.objects.filter(pk=proposal.pk).update(state="Pending")
    services.approve_release(proposal=other, actor=second)
    refused(proposal, second, "proposal_stale")


def test_stale_where_config_has_changed_since(environment, proposal, second, configure):
    configure(environment.application, release=False, COLOUR="blue")
    refused(proposal, second, "proposal_stale")
    assert numbers(environment) == [1]


def test_stale_where_it_would_go_to_other_clusters(deploy, make_cluster, environment, releaser, second):
    make_cluster("north", labels={"tier": "live"})
    where = {"environments": {"production": {"selector": {"tier": "live"}}}}
    proposal = deploy(actor=releaser, greeting="hi", **where).proposals[0]
    make_cluster("south", labels={"tier": "live"})
    refused(proposal, second, "proposal_stale")


def test_stale_where_who_proposed_it_may_no_more(environment, proposal, team, owner, releaser, second):
    identity.add_member(team=team, user=releaser, role="viewer", actor=owner)
    refused(proposal, second, "proposal_stale")


def test_its_time_ends(environment, proposal, second):
    ReleaseProposal.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(proposal, second, "proposal_expired")


def refused(proposal, actor, code):
    works = list(Work.objects.order_by("pk").values_list("pk", "generation"))
    with pytest.raises(Conflict) as refusal:
        services.approve_release(proposal=proposal, actor=actor)
    assert refusal.value.code == code
    proposal.refresh_from_db()
    assert (proposal.state, proposal.release) == ("Pending", None)
    assert list(Work.objects.order_by("pk").values_list("pk", "generation")) == works


def test_it_is_decided_once(environment, proposal, second, owner):
    services.approve_release(proposal=proposal, actor=second)
    for act in (services.approve_release, services.decline_release):
        with pytest.raises(Conflict) as refusal:
            act(proposal=proposal, actor=owner, reason="late")
        assert refusal.value.code == "proposal_decided"
    assert numbers(environment) == [1, 2]


def test_it_is_declined_with_a_reason_or_taken_back(deploy, environment, proposal, releaser, second):
    with pytest.raises(Invalid) as refusal:
        services.decline_release(proposal=proposal, actor=second)
    assert refusal.value.code == "reason_required"
    services.decline_release(proposal=proposal, actor=second, reason="not on Friday")
    again = deploy(actor=releaser, greeting="hi").proposals[0]
    assert again != proposal
    services.decline_release(proposal=again, actor=releaser)
    assert set(ReleaseProposal.objects.values_list("state", flat=True)) == {"Declined"}
    assert numbers(environment) == [1]


def test_the_same_again_is_the_same_and_another_takes_its_place(deploy, environment, proposal, releaser, second):
    assert deploy(actor=releaser, greeting="hi").proposals == (proposal,)
    newer = deploy(actor=releaser, greeting="ho").proposals[0]
    proposal.refresh_from_db()
    assert proposal.state == "Superseded"
    assert services.approve_release(proposal=newer, actor=second).number == 2


def test_what_is_as_declared_is_not_proposed(deploy, environment, releaser):
    made = deploy(actor=releaser)
    assert (made.proposals, made.unchanged) == ((), ("production",))


def test_other_environments_of_the_file_are_released(deploy, environment, releaser, west):
    both = {"production": {"clusters": ["east"]}, "staging": {"clusters": ["west"]}}
    made = deploy(actor=releaser, greeting="hi", environments=both)
    assert [each.environment.name for each in made.releases] == ["staging"]
    assert [each.environment.name for each in made.proposals] == ["production"]
    assert made.application.app_file["environments"] == both


def test_going_back_takes_one_releaser_who_says_why(environment, proposal, releaser, second, developer):
    services.approve_release(proposal=proposal, actor=second)
    with pytest.raises(Forbidden):
        services.rollback(environment=environment, actor=developer, reason="broken")
    with pytest.raises(Invalid) as refusal:
        services.rollback(environment=environment, actor=releaser, reason=" ")
    assert refusal.value.code == "reason_required"
    made = services.rollback(environment=environment, actor=releaser, reason="broken")
    assert (made.release.number, made.release.rolled_back_to.number) == (3, 1)
    assert AuditEvent.objects.get(action="environment.rolled_back").reason == "broken"


def test_a_dry_run_needs_no_reason_and_shows_what_would_be_proposed(deploy, environment, project, document, releaser):
    seen = services.dry_run_deploy(project=project, app_file=validate(document(greeting="hi")), actor=releaser)
    assert seen.changed
    assert any("another person approves" in note for note in seen.notes)
    assert not ReleaseProposal.objects.exists()
    assert numbers(environment) == [1]


def test_config_makes_no_release_there(environment, configure):
    with pytest.raises(Conflict) as refusal:
        configure(environment.application, COLOUR="blue")
    assert refusal.value.code == "environment_protected"
    configure(environment.application, release=False, COLOUR="blue")
    assert numbers(environment) == [1]


@pytest.mark.parametrize("act", ["rerender", "place"])
def test_what_runs_is_moved_and_renewed_by_releasers_alone(environment, west, developer, releaser, act):
    placement = {"clusters": ["east", "west"]}
    acts = {
        "rerender": lambda **by: services.rerender(environment=environment, **by),
        "place": lambda **by: services.set_placement(environment=environment, placement=placement, **by),
    }
    with pytest.raises(Forbidden):
        acts[act](actor=developer, reason="because")
    with pytest.raises(Invalid):
        acts[act](actor=releaser)
    acts[act](actor=releaser, reason="because")
    environment.refresh_from_db()
    assert environment.generation == 2


def test_owners_protect_and_say_why_they_stop(environment, owner, releaser):
    with pytest.raises(Forbidden):
        services.protect_environment(environment=environment, protected=False, actor=releaser, reason="x")
    with pytest.raises(Invalid):
        services.protect_environment(environment=environment, protected=False, actor=owner)
    services.protect_environment(environment=environment, protected=False, actor=owner, reason="moved")
    environment.refresh_from_db()
    assert not environment.protected
    actions = AuditEvent.objects.filter(action__contains="protected").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["environment.protected", "environment.unprotected"]
