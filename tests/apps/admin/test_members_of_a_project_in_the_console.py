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


@pytest.fixture
def remove(client, project):
    """remove(owner, person) reads, remove(owner, person, name) sends the form."""

    def go(user, person, name=None):
        client.force_login(user)
        address = reverse("admin:applications_project_member_remove", args=[project.pk, person.pk])
        return client.get(address, follow=True) if name is None else client.post(address, {"name": name}, follow=True)

    return go


def test_an_owner_gives_and_takes(page, remove, project, owner, viewer, stranger):
    assert "through team crew" in page(owner)
    assert "stella has the role developer now." in page(owner, username="stella", role="developer")
    assert allowed(stranger, "deploy", project)
    assert "victor" not in page(stranger)
    text = remove(owner, stranger).content.decode()
    assert "stella has the role developer and loses with it, in demo" in text
    assert "deploying, configuring, storing secrets" in text
    assert "choosing members" not in text
    assert "through team" not in text
    assert "This is not the name that is asked for." in remove(owner, stranger, "stela").content.decode()
    assert project_role_of(project, stranger) == "developer"
    assert "stella has no role on the project alone any more." in remove(owner, stranger, "stella").content.decode()
    assert project_role_of(project, stranger) is None


def test_a_role_on_the_team_stays_and_is_told(page, remove, project, owner, viewer):
    page(owner, username="victor", role="owner")
    assert "What they may through team crew stays." in remove(owner, viewer).content.decode()
    remove(owner, viewer, "victor")
    assert not allowed(viewer, "deploy", project)
    assert allowed(viewer, "view", project)


def test_who_gives_up_the_own_role_goes_to_the_list(page, remove, project, owner, stranger):
    page(owner, username="stella", role="owner")
    answer = remove(stranger, stranger, "stella")
    assert answer.redirect_chain[-1][0] == reverse("admin:applications_project_changelist")
    assert project_role_of(project, stranger) is None


def test_nobody_else_takes_and_who_has_no_role_of_their_own_has_no_such_page(page, remove, project, owner, viewer):
    page(owner, username="victor", role="developer")
    assert "permission_denied" in remove(viewer, viewer, "victor").content.decode()
    assert project_role_of(project, viewer) == "developer"
    assert remove(owner, owner).status_code == 404


def test_a_refusal_is_told(page, project, owner):
    assert "user_not_found" in page(owner, username="nobody", role="viewer")


def test_who_may_only_view_is_refused(page, project, viewer, stranger):
    assert "Owners of the project and of its team give roles on it." in page(viewer)
    assert "permission_denied" in page(viewer, username="victor", role="owner")
    assert project_role_of(project, viewer) is None
    assert "stella" not in page(stranger)
