"""Protecting an environment, and the second person's pages."""

import re

import pytest
from django.urls import reverse

from apps import services
from apps.models import Release, ReleaseProposal


@pytest.fixture
def second(person, team):
    return person("sam", team, "releaser")


@pytest.fixture
def environment(deploy):
    return deploy().releases[0].environment


def words(answer):
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def test_an_owner_protects_and_ends_it_with_a_reason(client, environment, owner, viewer):
    address = reverse("admin:environment_protection", args=[environment.pk])
    client.force_login(viewer)
    assert "Its owners change that." in words(client.get(address))
    assert "permission_denied" in words(client.post(address, {"reason": "x"}, follow=True))
    client.force_login(owner)
    assert "is protected now" in words(client.post(address, {"reason": ""}, follow=True))
    card = words(client.get(reverse("admin:applications_application_change", args=[environment.application_id])))
    assert "protected" in card
    assert "reason_required" in words(client.post(address, {"reason": ""}))
    environment.refresh_from_db()
    assert environment.protected


def test_the_second_person_sees_what_would_change_and_approves(client, environment, deploy, owner, second, stranger):
    services.protect_environment(environment=environment, protected=True, actor=owner)
    proposal = deploy(greeting="hi", reason="a better word").proposals[0]
    page, index = reverse("admin:approval", args=[proposal.pk]), reverse("admin:approvals")
    client.force_login(stranger)
    assert client.get(page).status_code == 404
    assert "Nothing waits." in words(client.get(index))
    client.force_login(owner)
    assert "You proposed it" in words(client.get(page))
    assert "second_person_required" in words(client.post(page, {"act": "approve", "reason": ""}))
    client.force_login(second)
    assert "a better word" in words(client.get(index))
    text = words(client.get(page))
    assert "GREETING: hello" in text
    assert "GREETING: hi" in text
    assert f"dougong approve {proposal.pk}" in text
    assert "is released as r2" in words(client.post(page, {"act": "approve", "reason": "fine"}, follow=True))
    assert Release.objects.count() == 2
    assert "It waits no more" in words(client.get(page))


def test_it_is_declined_with_a_reason(client, environment, deploy, owner, second):
    services.protect_environment(environment=environment, protected=True, actor=owner)
    proposal = deploy(greeting="hi").proposals[0]
    page = reverse("admin:approval", args=[proposal.pk])
    client.force_login(second)
    assert "reason_required" in words(client.post(page, {"act": "decline", "reason": ""}))
    assert "It is declined" in words(client.post(page, {"act": "decline", "reason": "no"}, follow=True))
    assert ReleaseProposal.objects.get().decision_reason == "no"
