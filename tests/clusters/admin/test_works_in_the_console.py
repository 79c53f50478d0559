"""Works are read in the console by those whose they are."""

import uuid

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.test import RequestFactory
from django.urls import reverse

from clusters.admin.works import WorkAdmin
from clusters.manifests import Manifest
from clusters.models import OwnedObject, Work
from clusters.work import Owner, submit_work
from paas.core.site import console
from paas.identity import services


@pytest.fixture
def work(register, team):
    cluster = register()
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop-web"}}
    owner = Owner("environment", uuid.uuid4(), "shop/web", team)
    with transaction.atomic():
        work = submit_work(owner=owner, name="application", cluster=cluster, manifests=[Manifest(body, phase=2)])
    oid = "core/ConfigMap/shop-web/web"
    OwnedObject.objects.create(work=work, cluster=cluster, oid=oid, api_version="v1", claim="canary", health="Degraded")
    said = {"type": "Healthy", "status": "False", "reason": "Degraded", "message": "crashed <twice>\nno such image"}
    Work.objects.update(
        health="Degraded",
        conditions=[{**said, "lastTransitionTime": "2026-01-01T00:00:00+00:00"}],
        reported={"PruneHeld": [{"id": "core/ConfigMap/shop-web/old"}]},
    )
    return work


def test_a_team_finds_its_work_with_conditions_and_objects(client, work, member):
    client.force_login(member)
    assert "shop/web/application" in client.get(reverse("admin:clusters_work_changelist")).content.decode()
    shown = client.get(reverse("admin:clusters_work_change", args=[work.pk])).content.decode()
    for text in ("no such image", "core/ConfigMap/shop-web/web", "core/ConfigMap/shop-web/old", "Degraded"):
        assert text in shown
    assert "crashed &lt;twice&gt;<br>no such image" in shown
    assert "canary" not in shown


@pytest.fixture
def state():
    """state(user, "?q=…") → the first state of the live list, or the answer where there is none."""

    def read(user, query=""):
        request = RequestFactory().get(f"/{query}")
        request.user = user
        answer = WorkAdmin(Work, console).list_live(request)
        if answer.status_code != 200:
            return answer

        async def first():
            chunks = aiter(answer.streaming_content)
            return [await anext(chunks), await anext(chunks)][1].decode()

        return async_to_sync(first)()

    return read


def test_the_list_says_of_itself_what_the_page_said(client, state, work, member, stranger):
    client.force_login(member)
    page = client.get(reverse("admin:clusters_work_changelist"), {"health": "Degraded"}).content.decode()
    assert f"{reverse('admin:clusters_work_list_live')}?health=Degraded" in page
    for text in ("shop/web/application", "Degraded", work.cluster.name):
        assert text in page
        assert text in state(member, "?health=Degraded")
    assert "Nothing fits this search" in state(member, "?health=Healthy")
    assert "None that you may view." in state(stranger)
    assert state(member, "?nothing__at=1").status_code == 400


def test_the_page_follows_and_the_permission_is_asked_each_time(client, first_state, work, member, team, admin):
    live = WorkAdmin(Work, console).live
    client.force_login(member)
    page = client.get(reverse("admin:clusters_work_change", args=[work.pk])).content.decode()
    assert f'data-live="{reverse("admin:clusters_work_live", args=[work.pk])}"' in page
    assert "no such image" in first_state(live, member, work.pk)
    Work.objects.update(health="Healthy", conditions=[], reported={})
    state = first_state(live, member, work.pk)
    assert "no such image" not in state
    assert "Healthy" in state
    services.remove_member(team=team, user=member, actor=admin)
    assert "event: refused" in first_state(live, member, work.pk)


def test_strangers_find_nothing(client, work, stranger):
    client.force_login(stranger)
    assert "shop/web" not in client.get(reverse("admin:clusters_work_changelist")).content.decode()
    assert client.get(reverse("admin:clusters_work_change", args=[work.pk])).status_code == 404


def test_nothing_is_written_here(client, work, operator):
    client.force_login(operator)
    assert client.get(reverse("admin:clusters_work_add")).status_code == 403
    assert client.post(reverse("admin:clusters_work_delete", args=[work.pk]), {"post": "yes"}).status_code == 403
    assert Work.objects.exists()
