"""Roles on one project, given and taken on its page."""

import pytest
from django.urls import reverse

from apps.selectors.members import project_role_of
from paas.core.permissions import allowed


@pytest.fixture
def page(client, project):
    """page(user) reads, page(user, username=…, role=…) sends the form; the text."""
    address = reverse("admin:applications_project_members", args=[project.pk])

    def go(user, **said):
        client.force_login(user)
        answer = client.post(address, said, follow=True) if said else client.get(address)
        return answer.content.decode()

    return go


def test_an_owner_gives_and_takes(page, project, owner, viewer, stranger):
    assert "through team crew" in page(owner)
    assert "stella has the role developer now." in page(owner, username="stella", role="developer")
    assert allowed(stranger, "deploy", project)
    assert "victor" not in page(stranger)
    assert "stella has no role on the project alone any more." in page(owner, username="stella", role="")
    assert project_role_of(project, stranger) is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"username": "nobody", "role": "viewer"}, "user_not_found"),
        ({"username": "stella", "role": ""}, "member_not_found"),
    ],
)
def test_a_refusal_is_told(page, project, owner, stranger, said, code):
    assert code in page(owner, **said)


def test_who_may_only_view_is_refused(page, project, viewer, stranger):
    assert "Owners of the project and of its team give roles on it." in page(viewer)
    assert "permission_denied" in page(viewer, username="victor", role="owner")
    assert project_role_of(project, viewer) is None
    assert "stella" not in page(stranger)
