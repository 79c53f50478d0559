"""What one may not view is not there; what one may view but not do is an explained no."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from paas.core.errors import Forbidden, NotFound
from paas.core.models import AuditEvent
from paas.core.permissions import allowed, require, visible, words
from paas.identity import services
from paas.identity.models import Team


@pytest.fixture
def releaser(person, team, owner):
    user = person("rosa")
    services.add_member(team=team, user=user, role="releaser", actor=owner)
    return user


@pytest.fixture
def developer(person, team, owner):
    user = person("dora")
    services.add_member(team=team, user=user, role="developer", actor=owner)
    return user


@pytest.fixture
def auditor(person, operator):
    user = person("aida")
    services.set_platform_role(user=user, role="auditor", held=True, actor=operator)
    return user


def test_a_stranger_meets_a_team_that_is_not_there(team, stranger):
    with pytest.raises(NotFound) as refusal:
        require(stranger, "own", team)
    assert refusal.value.code == "team_not_found"
    assert "shop" not in str(refusal.value)
    assert not visible(stranger, Team.objects.all()).exists()


def test_a_viewer_is_told_why_not_and_whom_to_ask(team, viewer):
    require(viewer, "view", team)
    with pytest.raises(Forbidden) as refusal:
        require(viewer, "deploy", team)
    assert refusal.value.code == "permission_denied"
    assert "deploy" in refusal.value.rule
    assert refusal.value.remedy.endswith("for a role that has it: olga.")


@pytest.mark.parametrize(
    ("who", "held"),
    [
        ("owner", {"view", "deploy", "release", "exec", "own"}),
        ("releaser", {"view", "deploy", "release"}),
        ("developer", {"view", "deploy"}),
        ("viewer", {"view"}),
        ("auditor", {"view"}),
        ("stranger", set()),
        ("operator", {"view", "operate"}),
        ("admin", {"view", "deploy", "release", "exec", "own", "operate"}),
    ],
)
def test_each_role_holds_its_words(request, team, who, held):
    assert words(request.getfixturevalue(who), team) == held


def test_nobody_holds_nothing(team):
    for nobody in (None, AnonymousUser()):
        assert words(nobody, team) == frozenset()
        assert not visible(nobody, Team.objects.all()).exists()


def test_a_person_kept_out_holds_nothing_from_then_on(team, owner, admin):
    services.set_active(user=owner, active=False, actor=admin)
    owner.refresh_from_db()
    assert words(owner, team) == frozenset()


def test_a_role_taken_away_takes_the_words_with_it(team, viewer, owner):
    services.remove_member(team=team, user=viewer, actor=owner)
    assert not allowed(viewer, "view", team)


def test_one_team_says_nothing_about_another(team, owner, admin):
    other = services.create_team(name="other", actor=admin)
    assert not allowed(owner, "view", other)
    assert list(visible(owner, Team.objects.all())) == [team]


def test_the_platform_is_operated_by_operators_alone(operator, owner, team):
    require(operator, "operate", None)
    with pytest.raises(Forbidden) as refusal:
        require(owner, "operate", None)
    assert refusal.value.code == "operator_required"


def test_the_audit_trail_is_seen_by_operators_alone(operator, owner, team):
    assert visible(operator, AuditEvent.objects.all()).exists()
    assert not visible(owner, AuditEvent.objects.all()).exists()


def test_an_auditor_sees_everything_and_changes_nothing(auditor, api, team, owner, stranger):
    client = api(auditor)
    assert visible(auditor, AuditEvent.objects.all()).exists()
    assert client.get("/api/v1/audit/export/?as=jsonl").status_code == 200
    assert client.get("/api/v1/audit/verification/").json()["fault"] is None
    assert client.get("/api/v1/teams/shop/members/").status_code == 200
    refused = client.patch("/api/v1/teams/shop/", {"title": "Mine"}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    with pytest.raises(Forbidden) as refusal:
        services.set_platform_role(user=auditor, role="operator", held=True, actor=auditor)
    assert refusal.value.code == "operator_required"
    team.refresh_from_db()
    assert team.title == "The shop"


def test_who_is_neither_is_told_who_may_look(api, owner, team):
    refused = api(owner).get("/api/v1/audit/verification/")
    assert (refused.status_code, refused.json()["code"]) == (403, "auditor_required")


def test_at_most_three_owners_are_named(team, owner, viewer, person):
    for name in ("adam", "bert", "carl", "dirk"):
        services.add_member(team=team, user=person(name), role="owner", actor=owner)
    with pytest.raises(Forbidden) as refusal:
        require(viewer, "own", team)
    assert refusal.value.remedy.endswith(": adam, bert, carl.")


def test_a_list_is_filtered_in_one_query(team, owner, django_assert_num_queries):
    visible(owner, Team.objects.all()).exists()
    with django_assert_num_queries(1):
        list(visible(owner, Team.objects.all()))


def test_a_model_that_does_not_say_whose_it_is_is_a_fault(owner):
    class Orphan(models.Model):
        class Meta:
            app_label = "nowhere"
            managed = False

    with pytest.raises(ImproperlyConfigured, match="whose it is"):
        visible(owner, Orphan._default_manager.all())
