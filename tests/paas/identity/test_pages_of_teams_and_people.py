"""The pages of a team and of a person: read first, edited behind a button."""

import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from paas.core.site import console
from paas.identity import service_accounts, services
from paas.identity.admin import TeamAdmin
from paas.identity.models import Team, User
from paas.identity.overviews import since


@pytest.fixture
def read(client):
    def go(user, obj, **query):
        client.force_login(user)
        return client.get(reverse(f"admin:identity_{obj._meta.model_name}_change", args=[obj.pk]), query)

    return go


def test_a_team_says_who_is_in_it_and_since_when(read, team, owner, viewer, stranger):
    before = timezone.now()
    services.add_member(team=team, user=viewer, role="developer", actor=owner)
    members = read(viewer, team).context["members"]
    assert [(each["username"], each["word"]) for each in members] == [("olga", "owner"), ("victor", "developer")]
    assert members[0]["since"] < before < members[1]["since"]


def test_since_is_asked_once_for_many(team, owner, viewer, admin, django_assert_num_queries):
    other = services.create_team(name="other", title="Other", actor=admin)
    services.add_member(team=other, user=viewer, role="viewer", actor=admin)
    with django_assert_num_queries(1):
        found = since([team, other], "victor")
    assert set(found) == {(str(team.pk), "victor"), (str(other.pk), "victor")}


def test_a_team_counts_its_pipelines_and_tells_what_happened(read, team, owner):
    account = service_accounts.create_service_account(team=team, name="ci", actor=owner)
    services.create_token(user=account, name="build", actor=owner)
    services.rename_team(team=team, title="The big shop", actor=owner)
    context = read(owner, team).context
    assert [(each.username, each.tokens, each.used) for each in context["accounts"]] == [("ci@shop", 1, None)]
    assert context["events"][0].action == "team.renamed"
    assert ("Title", "The big shop") in context["summary"]


def test_the_form_of_a_team_stands_behind_a_button_and_leads_back(client, read, team, owner, viewer):
    assert "?edit=1" in read(owner, team).content.decode()
    assert 'name="title"' not in read(owner, team).content.decode()
    assert 'name="title"' in read(owner, team, edit=1).content.decode()
    address = reverse("admin:identity_team_change", args=[team.pk])
    answer = client.post(f"{address}?edit=1", {"title": "The big shop"})
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert Team.objects.get().title == "The big shop"
    assert "?edit=1" not in read(viewer, team).content.decode()
    assert 'name="title"' not in read(viewer, team, edit=1).content.decode()
    client.post(address, {"title": "Mine"})
    assert Team.objects.get().title == "The big shop"


def test_a_stranger_finds_neither(read, team, stranger, owner):
    assert read(stranger, team).status_code == 404
    assert read(stranger, owner).status_code == 404


def test_a_person_has_roles_tokens_and_what_they_did(read, team, owner, operator):
    services.create_token(user=owner, name="laptop", actor=owner)
    services.rename_team(team=team, title="The big shop", actor=owner)
    answer = read(operator, owner)
    context = answer.context
    assert [(each["team"].name, each["word"], each["since"] is not None) for each in context["roles"]] == [
        ("shop", "owner", True)
    ]
    assert ("API tokens", "1, last used never") in context["summary"]
    assert ("Operator of the platform", "no") in context["summary"]
    assert context["events"][0].action == "team.renamed"
    assert context["told"][0].object_id == str(owner.pk)


def test_an_operator_keeps_somebody_out_behind_the_button(client, read, owner, operator):
    assert 'name="is_active"' in read(operator, owner, edit=1).content.decode()
    client.post(f"{reverse('admin:identity_user_change', args=[owner.pk])}?edit=1", {"operator": "on"})
    assert not User.objects.get(username="olga").is_active
    assert ("State", "kept out") in read(operator, owner).context["summary"]


def test_names_as_long_as_they_may_be_and_nothing_yet(read, admin, person, operator):
    somebody = services.create_user(username="n" * 150, password="a long password", actor=admin)
    made = services.create_team(name="t" * 40, title="T" * 100, actor=admin)
    assert read(operator, somebody).context["roles"] == []
    text = read(operator, made).content.decode()
    assert "None: pipelines of the team sign in with one." in text


def test_a_team_costs_no_more_queries_for_more_members(read, person, team, owner, admin, django_assert_max_num_queries):
    read(owner, team)

    def count():
        with django_assert_max_num_queries(30) as queries:
            read(owner, team)
        return len(queries)

    few = count()
    for name in ("anna", "bert", "carl"):
        services.add_member(team=team, user=person(name), role="viewer", actor=owner)
        service_accounts.create_service_account(team=team, name=name, actor=owner)
    assert count() == few


def test_the_list_of_teams_is_live_and_asks_each_time(client, team, owner, admin):
    client.force_login(owner)
    page = client.get(reverse("admin:identity_team_changelist"), {"q": "sho"}).content.decode()
    assert f"{reverse('admin:identity_team_list_live')}?q=sho" in page
    assert "The shop" in page
    request = RequestFactory().get("/?q=sho")
    request.user = owner

    def state():
        answer = TeamAdmin(Team, console).list_live(request)

        async def first():
            chunks = aiter(answer.streaming_content)
            return [await anext(chunks), await anext(chunks)][1].decode()

        return async_to_sync(first)()

    assert "The shop" in state()
    services.add_member(team=team, user=admin, role="owner", actor=admin)
    services.remove_member(team=team, user=owner, actor=admin)
    assert "The shop" not in state()
