"""Works are read in the console by those whose they are."""

import uuid

import pytest
from django.db import transaction
from django.urls import reverse

from clusters.manifests import Manifest
from clusters.models import OwnedObject, Work
from clusters.work import Owner, submit_work


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


def test_strangers_find_nothing(client, work, stranger):
    client.force_login(stranger)
    assert "shop/web" not in client.get(reverse("admin:clusters_work_changelist")).content.decode()
    assert client.get(reverse("admin:clusters_work_change", args=[work.pk])).status_code == 302


def test_nothing_is_written_here(client, work, operator):
    client.force_login(operator)
    assert client.get(reverse("admin:clusters_work_add")).status_code == 403
    assert client.post(reverse("admin:clusters_work_delete", args=[work.pk]), {"post": "yes"}).status_code == 403
    assert Work.objects.exists()
