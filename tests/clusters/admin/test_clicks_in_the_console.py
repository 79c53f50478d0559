"""From a Work's page to who asked for it, and from the event of a click to each object and call it came to."""

import uuid

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clusters.manifests import Manifest
from clusters.models import ApiCall, OwnedObject, Work
from clusters.work import Owner, submit_work
from paas.core import audit
from paas.identity import services

OID = "core/ConfigMap/shop-web/web"


@pytest.fixture
def click(register, team, operator):
    """The event of a change that asked for one object, which has been written twice since."""
    cluster = register()
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop-web"}}
    owner = Owner("environment", uuid.uuid4(), "shop/web", team)
    with transaction.atomic():
        work = submit_work(owner=owner, name="application", cluster=cluster, manifests=[Manifest(body, phase=2)])
        event = audit.record(actor=operator, action="environment.deployed", target=team, reason="because")
    OwnedObject.objects.create(work=work, cluster=cluster, oid=OID, api_version="v1", claim="c", health="Healthy")
    for version in ("41", "42"):
        ApiCall.objects.create(
            work_id=work.pk, generation=1, oid=OID, verb="apply", uid="u-1", resource_version=version,
            at=timezone.now(),
        )  # fmt: skip
    return event


def page_of(event):
    return reverse("admin:core_auditevent_change", args=[event.pk])


def test_the_page_of_an_event_lists_what_it_touched_with_the_calls(client, operator, click):
    client.force_login(operator)
    answer = client.get(page_of(click))
    text = answer.content.decode()
    for word in (OID, "east", "Healthy", "u-1", "resourceVersion 41", "resourceVersion 42"):
        assert word in text, word
    assert text.index("resourceVersion 41") < text.index("resourceVersion 42")
    assert reverse("admin:clusters_work_change", args=[Work.objects.get().pk]) in text
    assert f"dougong audit objects {click.pk}" in text


def test_many_repairs_are_counted(client, operator, click):
    work = Work.objects.get()
    ApiCall.objects.bulk_create(
        ApiCall(
            work_id=work.pk, generation=1, oid=OID, verb="apply", uid="u-1", resource_version=str(number),
            at=timezone.now(),
        )
        for number in range(100, 108)
    )  # fmt: skip
    client.force_login(operator)
    text = client.get(page_of(click)).content.decode()
    assert "and 5 more" in text
    assert "resourceVersion 107" not in text


def test_what_is_gone_is_still_told(client, operator, click):
    page = reverse("admin:clusters_work_change", args=[Work.objects.get().pk])
    OwnedObject.objects.all().delete()
    Work.objects.all().delete()
    client.force_login(operator)
    text = client.get(page_of(click)).content.decode()
    assert OID in text
    assert page not in text


def test_an_event_that_touched_nothing_says_so(client, operator, register):
    client.force_login(operator)
    register()
    with transaction.atomic():
        event = audit.record(actor=operator, action="user.remembered", target=operator)
    assert "No object on any cluster." in client.get(page_of(event)).content.decode()


def test_the_page_of_a_work_leads_to_who_asked_for_it(client, member, stranger, click, admin):
    work = Work.objects.get()
    history = reverse("admin:clusters_work_history", args=[work.pk])
    client.force_login(member)
    assert f'href="{history}"' in client.get(reverse("admin:clusters_work_change", args=[work.pk])).content.decode()
    text = client.get(history).content.decode()
    assert "Deployed" in text
    assert "because" in text
    client.force_login(stranger)
    assert client.get(history).status_code == 404


def test_of_another_team_s_share_in_the_change_nothing_is_told(client, member, admin, operator, click):
    other = services.create_team(name="bakery", actor=admin)
    with transaction.atomic():
        audit.record(actor=operator, action="bakery.secret", target=other)
    history = reverse("admin:clusters_work_history", args=[Work.objects.get().pk])
    client.force_login(member)
    assert "bakery.secret" not in client.get(history).content.decode()
    client.force_login(operator)
    assert "bakery.secret" in client.get(history).content.decode()
