"""A team's credentials for registries, its cordon and its protection in the console."""

import re

import pytest
from django.urls import reverse

from apps.models import PullSecretVersion
from paas.identity.models import Team

WORD = "canary-of-the-registry"


def words(answer):
    """The page's text, without tags."""
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


@pytest.fixture
def pulls(team):
    return reverse("admin:team_pull_secrets", args=[team.pk])


@pytest.fixture
def holds(team):
    return reverse("admin:identity_team_holds", args=[team.pk])


def test_a_credential_is_stored_replaced_and_revoked(client, owner, viewer, pulls, team):
    client.force_login(owner)
    form = {"registry": "ghcr.io", "username": "bot", "password": WORD}
    answer = client.post(pulls, form, follow=True)
    assert "ghcr.io v1 is stored" in words(answer)
    assert re.search("ghcr.io bot v1 .*in force under a minute olga", words(client.get(pulls)))
    wrong = client.post(pulls, {**form, "registry": "not a registry", "password": WORD})
    assert "a registry is named by its host" in words(wrong)
    for each in (answer, wrong, client.get(pulls)):
        assert WORD not in each.content.decode()
    revoke = reverse("admin:team_pull_secret_revoke", args=[team.pk, "ghcr.io"])
    assert "This is not the name that is asked for." in words(client.post(revoke, {"name": "ghcr"}))
    assert PullSecretVersion.objects.get().revoked_at is None
    assert "ghcr.io is revoked." in words(client.post(revoke, {"name": "ghcr.io", "reason": "leaked"}, follow=True))
    assert re.search("ghcr.io bot v1 .*revoked under a minute olga", words(client.get(pulls)))
    client.force_login(viewer)
    assert "Its owners change that." in words(client.get(pulls))
    client.post(pulls, form)
    assert PullSecretVersion.objects.count() == 1


def test_a_team_is_cordoned_by_an_operator(client, owner, operator, holds, team):
    overview = reverse("admin:identity_team_change", args=[team.pk])
    client.force_login(operator)
    assert "It needs a reason." in words(client.post(holds, {"act": "cordon", "reason": ""}))
    assert "crew is cordoned now." in words(client.post(holds, {"act": "cordon", "reason": "unpaid"}, follow=True))
    client.force_login(owner)
    assert "Cordoned by oscar" in words(client.get(overview))
    assert ": unpaid. Nothing new is accepted" in words(client.get(holds))
    client.post(holds, {"act": "uncordon", "reason": "please"})
    assert Team.objects.get(pk=team.pk).cordoned_at is not None
    asked = reverse("admin:explain", args=["team/crew"])
    assert "The team is cordoned by oscar, who says: unpaid." in words(client.get(asked))
    client.force_login(operator)
    assert "crew is not cordoned now." in words(client.post(holds, {"act": "uncordon"}, follow=True))


def test_a_team_is_protected_by_an_owner(client, owner, operator, holds, team):
    client.force_login(operator)
    client.post(holds, {"act": "protect"})
    assert not Team.objects.get(pk=team.pk).protected
    client.force_login(owner)
    assert "crew is protected now." in words(client.post(holds, {"act": "protect"}, follow=True))
    assert "nothing is removed: protected" in words(client.get(reverse("admin:identity_team_change", args=[team.pk])))
    assert "It needs a reason." in words(client.post(holds, {"act": "unprotect"}))
    assert "crew is not protected now." in words(client.post(holds, {"act": "unprotect", "reason": "x"}, follow=True))


def test_strangers_see_none_of_it(client, stranger, pulls, holds):
    client.force_login(stranger)
    for address in (pulls, holds):
        assert client.get(address).status_code == 404
