"""A role on one project holds there and below, and nowhere else in its team."""

import pytest

from apps import services
from apps.models import Application, Environment, Project, ProjectGroupPermission, Release
from apps.selectors.members import project_members
from clusters.models import Work
from paas.core.errors import Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent
from paas.core.permissions import allowed, require, right, visible
from paas.identity import services as identity
from paas.identity.models import Team
from paas.identity.service_accounts import create_service_account


@pytest.fixture
def give(project, owner):
    def go(user, role, *, on=project, actor=owner):
        services.set_project_member(project=on, user=user, role=role, actor=actor)

    return go


def seen(user, model):
    return set(visible(user, model.objects.all()))


def test_it_reaches_what_is_in_the_project(deploy, give, project, stranger):
    give(stranger, "developer")
    release = deploy(actor=stranger).releases[0]
    assert seen(stranger, Project) == {project}
    assert seen(stranger, Application) == {release.environment.application}
    assert seen(stranger, Environment) == {release.environment}
    assert seen(stranger, Release) == {release}
    event = AuditEvent.objects.get(action="environment.deployed")
    assert (event.actor, event.right["through"], event.right["on"]) == (
        stranger,
        "group project:demo:developer",
        "project demo",
    )


def test_it_reaches_nothing_else_of_the_team(deploy, give, project, team, owner, stranger):
    other = services.create_project(team=team, name="other", actor=owner)
    deploy()
    give(stranger, "owner")
    assert seen(stranger, Project) == {project}
    assert seen(stranger, Team) == set()
    assert seen(stranger, Work) == set()
    for unseen in (other, team):
        with pytest.raises(NotFound):
            require(stranger, "deploy", unseen)
    assert not allowed(stranger, "own", team)


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("viewer", {"view"}),
        ("developer", {"view", "deploy"}),
        ("releaser", {"view", "deploy", "release"}),
        ("owner", {"view", "deploy", "release", "exec", "own"}),
    ],
)
def test_each_role_holds_its_words(deploy, give, stranger, role, words):
    environment = deploy().releases[0].environment
    give(stranger, role)
    assert {
        word for word in ("view", "deploy", "release", "exec", "own") if allowed(stranger, word, environment)
    } == words


def test_a_role_on_the_team_holds_too_and_is_named_first(give, project, viewer):
    give(viewer, "developer")
    assert right(viewer, "view", project).through == "group team:crew:viewer"
    assert right(viewer, "deploy", project).through == "group project:demo:developer"


def test_one_role_replaces_the_other_and_goes(give, project, owner, stranger):
    give(stranger, "owner")
    give(stranger, "viewer")
    assert [(each.user, each.role) for each in project_members(project)] == [(stranger, "viewer")]
    assert not allowed(stranger, "deploy", project)
    services.remove_project_member(project=project, user=stranger, actor=owner)
    assert not allowed(stranger, "view", project)
    with pytest.raises(NotFound) as refusal:
        services.remove_project_member(project=project, user=stranger, actor=owner)
    assert refusal.value.code == "member_not_found"
    assert AuditEvent.objects.filter(action__startswith="project.member_").count() == 3


def test_the_same_role_again_is_no_event(give, stranger):
    give(stranger, "viewer")
    before = AuditEvent.objects.count()
    give(stranger, "viewer")
    assert AuditEvent.objects.count() == before


def test_an_owner_of_the_project_gives_roles_on_it_and_not_on_the_team(give, team, project, stranger, person):
    give(stranger, "owner")
    friend = person("fred")
    give(friend, "viewer", actor=stranger)
    assert allowed(friend, "view", project)
    with pytest.raises(NotFound):
        identity.add_member(team=team, user=friend, role="owner", actor=stranger)
    with pytest.raises(NotFound):
        services.create_project(team=team, name="mine", actor=stranger)


def test_who_may_only_view_is_told_whom_to_ask_and_no_names_that_they_cannot_see(
    give, project, viewer, stranger, person
):
    give(stranger, "viewer")
    with pytest.raises(Forbidden) as refusal:
        give(viewer, "owner", actor=stranger)
    # Owners of the team stand on the team's page, which a member of the project alone does not see.
    assert refusal.value.remedy == "Ask an owner of team 'crew' for a role that has it."
    give(person("fred"), "owner")
    with pytest.raises(Forbidden) as refusal:
        give(viewer, "owner", actor=stranger)
    assert refusal.value.remedy.endswith(": fred.")
    assert not allowed(viewer, "own", project)


def test_a_service_account_has_no_role_elsewhere(give, team, owner, project):
    account = create_service_account(team=team, name="ci", actor=owner)
    with pytest.raises(Invalid) as refusal:
        give(account, "owner")
    assert refusal.value.code == "service_account_fixed"
    assert project_members(project) == []


def test_rows_go_with_their_project(give, project, stranger):
    give(stranger, "releaser")
    assert ProjectGroupPermission.objects.count() == 3
    project.delete()
    assert not ProjectGroupPermission.objects.exists()


def test_lists_are_filtered_in_one_query(deploy, give, stranger, django_assert_num_queries):
    deploy()
    give(stranger, "viewer")
    visible(stranger, Release.objects.all()).exists()
    for model in (Project, Application, Environment, Release):
        with django_assert_num_queries(1):
            assert len(visible(stranger, model.objects.all())) == 1
