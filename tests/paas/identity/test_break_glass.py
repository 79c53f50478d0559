"""An operator takes a role for a time: it is shown, ends by itself or by hand, and gives nothing that lasts longer."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from paas.core.errors import Conflict, Forbidden, Invalid
from paas.core.models import AuditEvent
from paas.core.permissions import allowed, right, visible, with_words, words
from paas.identity import services
from paas.identity.break_glass import end_taken_role, take_role
from paas.identity.models import BreakGlass, Team, TeamGroupPermission, User
from paas.identity.roles import members
from paas.identity.service_accounts import create_service_account


@pytest.fixture
def taken(team, operator):
    return take_role(team=team, role="owner", minutes=30, actor=operator, reason="nobody answers")


def lapse():
    """Its time is over, with nothing having looked at it since."""
    past = timezone.now() - timedelta(seconds=1)
    BreakGlass.objects.update(until=past)
    TeamGroupPermission.objects.exclude(until=None).update(until=past)


def test_it_gives_the_words_of_the_role_and_names_itself(team, operator, taken):
    assert words(operator, team) == {"view", "deploy", "release", "exec", "own", "operate"}
    assert right(operator, "own", team).through == f"group break-glass:{taken.pk}:owner"
    services.rename_team(team=team, title="Saved", actor=operator)
    event = AuditEvent.objects.get(action="team.renamed")
    assert event.right["through"].startswith("group break-glass:")
    assert AuditEvent.objects.get(action="team.role_taken").reason == "nobody answers"
    assert [each.user.username for each in members(team)] == ["olga", "victor"]


def test_it_ends_by_itself(team, operator, taken):
    lapse()
    assert words(operator, team) == {"view", "operate"}
    [listed] = with_words(operator, Team.objects.all())
    assert words(operator, listed) == {"view", "operate"}
    assert not allowed(operator, "own", team)
    take_role(team=team, role="viewer", actor=operator, reason="again")
    assert Group.objects.filter(name__startswith="break-glass:").count() == 1


def test_who_is_no_operator_any_more_loses_it_at_once(team, operator, admin, taken):
    services.set_operator(user=operator, operator=False, actor=admin)
    operator = User.objects.get(pk=operator.pk)
    assert not allowed(operator, "view", team)
    assert list(visible(operator, Team.objects.all())) == []
    taken.refresh_from_db()
    assert taken.ended_at is not None


@pytest.mark.parametrize("who", ["operator", "owner"])
def test_it_is_ended_by_who_took_it_or_an_owner(request, team, operator, taken, who):
    actor = request.getfixturevalue(who)
    end_taken_role(taken=taken, actor=actor)
    assert words(operator, team) == {"view", "operate"}
    taken.refresh_from_db()
    assert taken.ended_by_name == actor.username
    assert AuditEvent.objects.get(action="team.role_ended").actor == actor
    with pytest.raises(Conflict) as refusal:
        end_taken_role(taken=taken, actor=actor)
    assert refusal.value.code == "break_glass_over"


def test_a_viewer_neither_takes_nor_ends(team, viewer, operator, taken):
    with pytest.raises(Forbidden) as refusal:
        take_role(team=team, role="owner", actor=viewer, reason="please")
    assert refusal.value.code == "operator_required"
    with pytest.raises(Forbidden):
        end_taken_role(taken=taken, actor=viewer)
    assert allowed(operator, "own", team)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"role": "king"}, "role_unknown"),
        ({"reason": " "}, "reason_required"),
        ({"minutes": 61}, "break_glass_too_long"),
        ({"minutes": -1}, "break_glass_too_long"),
    ],
)
def test_what_is_no_such_role_is_refused(team, operator, said, code):
    with pytest.raises(Invalid) as refusal:
        take_role(**{"team": team, "role": "owner", "actor": operator, "reason": "why", **said})
    assert refusal.value.code == code
    assert not BreakGlass.objects.exists()


def test_it_is_nobody_to_ask_for_a_role(team, viewer, taken):
    with pytest.raises(Forbidden) as refusal:
        services.rename_team(team=team, title="Mine", actor=viewer)
    assert refusal.value.remedy.endswith(": olga.")


def test_one_at_a_time(team, operator, taken):
    with pytest.raises(Conflict) as refusal:
        take_role(team=team, role="viewer", actor=operator, reason="more")
    assert refusal.value.code == "break_glass_open"


def test_nothing_that_lasts_comes_of_it(team, operator, stranger, owner, taken):
    account = create_service_account(team=team, name="ci", actor=owner)
    for act in (
        lambda: services.add_member(team=team, user=operator, role="owner", actor=operator),
        lambda: services.add_member(team=team, user=stranger, role="owner", actor=operator),
        lambda: create_service_account(team=team, name="mine", actor=operator),
        lambda: services.create_token(user=account, name="mine", actor=operator),
    ):
        with pytest.raises(Forbidden) as refusal:
            act()
        assert refusal.value.code == "role_is_temporary"
    assert [each.user.username for each in members(team)] == ["olga", "victor"]
    # Whose own role lasts is not held back by another that does not.
    services.add_member(team=team, user=operator, role="owner", actor=owner)
    services.add_member(team=team, user=stranger, role="viewer", actor=operator)


def test_by_the_api(api, team, owner, viewer, operator, stranger):
    address = "/api/v1/teams/shop/break-glass/"
    assert api(viewer).post(address, {"reason": "x"}).json()["code"] == "operator_required"
    made = api(operator).post(address, {"role": "releaser", "minutes": 5, "reason": "nobody answers"})
    assert (made.status_code, made.json()["role"]) == (201, "releaser")
    [listed] = api(owner).get(address).json()["results"]
    assert (listed["username"], listed["reason"]) == ("oscar", "nobody answers")
    assert api(stranger).get(address).status_code == 404
    assert api(viewer).delete(f"{address}{listed['id']}/").status_code == 403
    assert api(owner).delete(f"{address}{listed['id']}/").status_code == 204
    assert api(owner).get(address).json()["results"][0]["ended_by"] == "olga"


def test_owners_see_it_on_the_page_of_the_team(client, team, owner, operator):
    page = reverse("admin:identity_team_break_glass", args=[team.pk])
    client.force_login(operator)
    said = {"role": "owner", "minutes": "30", "reason": "nobody answers"}
    assert "reason" in client.post(page, {**said, "reason": ""}).context["form"].errors
    assert "You have the role owner." in client.post(page, said, follow=True).content.decode()
    client.force_login(owner)
    overview = client.get(reverse("admin:identity_team_change", args=[team.pk])).content.decode()
    assert "In force" in overview
    assert "nobody answers" in overview
    assert "oscar" in overview
    taken = BreakGlass.objects.get()
    ended = client.post(reverse("admin:identity_team_break_glass_end", args=[team.pk, taken.pk]), follow=True)
    assert "The role is over." in ended.content.decode()
    assert not allowed(operator, "own", team)
    overview = client.get(reverse("admin:identity_team_change", args=[team.pk])).content.decode()
    assert "In force" not in overview  # what lately happened still tells of it
