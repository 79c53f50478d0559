"""Members of a team in the console: given roles and taken out by owners, with the rules of the service."""

import pytest
from django.urls import reverse

from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.roles import members, role_of


@pytest.fixture
def page(client, team):
    """page(user) reads, page(user, username=…, role=…) sends the form."""
    address = reverse("admin:identity_team_members", args=[team.pk])

    def go(user, **said):
        client.force_login(user)
        return client.post(address, said, follow=True) if said else client.get(address)

    return go


def test_an_owner_gives_changes_and_takes_roles(page, team, owner, stranger):
    assert "stella has the role viewer now." in page(owner, username="stella", role="viewer").content.decode()
    page(owner, username="stella", role="owner")
    assert role_of(team, stranger) == "owner"
    page(owner, username="stella", role="developer")
    assert role_of(team, stranger) == "developer"
    assert [each["word"] for each in page(owner).context["members"]] == ["owner", "developer", "viewer"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"username": "nobody", "role": "viewer"}, "user_not_found"),
        ({"username": "olga", "role": "viewer"}, "last_owner"),
    ],
)
def test_a_refusal_keeps_what_was_typed(page, team, owner, stranger, said, code):
    before = [(each.user, each.role) for each in members(team)]
    answer = page(owner, **said)
    assert code in answer.content.decode()
    assert answer.context["form"]["username"].value() == said["username"]
    assert [(each.user, each.role) for each in members(team)] == before


@pytest.fixture
def remove(client, team):
    """remove(owner, person) reads, remove(owner, person, name) sends the form."""

    def go(user, person, name=None):
        client.force_login(user)
        address = reverse("admin:identity_team_member_remove", args=[team.pk, person.pk])
        return client.get(address, follow=True) if name is None else client.post(address, {"name": name}, follow=True)

    return go


def test_who_is_taken_out_is_named_and_what_they_lose_is_said(remove, team, owner, viewer):
    services.add_member(team=team, user=viewer, role="developer", actor=owner)
    services.create_token(user=viewer, name="laptop", actor=viewer)
    text = remove(owner, viewer).content.decode()
    assert "victor has the role developer and loses with it" in text
    assert "deploying, configuring, storing secrets" in text
    assert "choosing members" not in text
    assert "Their API tokens (1) stay" in text
    assert "This is not the name that is asked for." in remove(owner, viewer, "viktor").content.decode()
    assert role_of(team, viewer) == "developer"
    assert "victor is no member any more." in remove(owner, viewer, "victor").content.decode()
    assert role_of(team, viewer) is None
    assert AuditEvent.objects.filter(action="team.member_removed", actor=owner, before__user="victor").count() == 1


def test_the_last_owner_stays_and_nobody_else_takes_out(remove, team, owner, viewer, stranger):
    assert "last_owner" in remove(owner, owner, "olga").content.decode()
    assert role_of(team, owner) == "owner"
    assert "permission_denied" in remove(viewer, viewer, "victor").content.decode()
    assert remove(stranger, viewer, "victor").status_code == 404
    assert role_of(team, viewer) == "viewer"
    assert remove(owner, stranger, "stella").status_code == 404


def test_an_owner_who_leaves_goes_to_the_list(remove, team, owner, viewer):
    services.add_member(team=team, user=viewer, role="owner", actor=owner)
    answer = remove(owner, owner, "olga")
    assert answer.redirect_chain[-1][0] == reverse("admin:identity_team_changelist")
    assert role_of(team, owner) is None


def test_who_may_only_view_looks_and_is_refused(page, team, viewer, stranger):
    text = page(viewer).content.decode()
    assert "olga" in text
    assert "Owners of the team choose its members." in text
    assert "Give the role" not in text
    assert "permission_denied" in page(viewer, username="stella", role="owner").content.decode()
    assert role_of(team, stranger) is None


def test_a_stranger_finds_nothing(page, stranger):
    assert page(stranger).status_code == 404
