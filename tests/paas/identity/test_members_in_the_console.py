"""Members of a team in the console: given roles and taken out by owners, with the rules of the service."""

import pytest
from django.urls import reverse

from paas.core.models import AuditEvent
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
    assert "stella is no member any more." in page(owner, username="stella", role="").content.decode()
    assert role_of(team, stranger) is None
    assert AuditEvent.objects.filter(action="team.member_removed", actor=owner).count() == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"username": "nobody", "role": "viewer"}, "user_not_found"),
        ({"username": "olga", "role": "viewer"}, "last_owner"),
        ({"username": "olga", "role": ""}, "last_owner"),
        ({"username": "stella", "role": ""}, "member_not_found"),
    ],
)
def test_a_refusal_keeps_what_was_typed(page, team, owner, stranger, said, code):
    before = [(each.user, each.role) for each in members(team)]
    answer = page(owner, **said)
    assert code in answer.content.decode()
    assert answer.context["form"]["username"].value() == said["username"]
    assert [(each.user, each.role) for each in members(team)] == before


def test_who_may_only_view_looks_and_is_refused(page, team, viewer, stranger):
    text = page(viewer).content.decode()
    assert "olga" in text
    assert "Owners of the team choose its members." in text
    assert "Give the role" not in text
    assert "permission_denied" in page(viewer, username="stella", role="owner").content.decode()
    assert role_of(team, stranger) is None


def test_a_stranger_finds_nothing(page, stranger):
    assert page(stranger).status_code == 302
