"""From a live object to the click behind it, and from a click to all it asked for."""

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from clusters.models import ApiCall, Cluster, OwnedObject, WorkChange
from clusters.work import Owner, retire_work, submit_work
from paas.core import audit
from paas.core.models import AuditEvent
from paas.identity import services


@pytest.fixture
def admin(db):
    return services.bootstrap_admin(username="admin", password="a long password")


@pytest.fixture
def team(admin):
    return services.create_team(name="crew", actor=admin)


@pytest.fixture
def api():
    def client(user):
        token, _ = services.create_token(user=user, name="test", actor=user)
        made = APIClient()
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return made

    return client


@pytest.fixture
def change(owner, cluster, team, admin):
    """change("deployed", name=[manifests]) → the event of one transaction that submits these Works."""

    def make(action, *, where=cluster, **works):
        with transaction.atomic():
            its = Owner(owner.kind, owner.id, owner.name, team)
            for name, manifests in works.items():
                submit_work(owner=its, name=name, cluster=where, manifests=manifests)
            return audit.record(actor=admin, action=action, target=team, reason="because")

    return make


@pytest.fixture
def call():
    """call(change, "a", …) → a write that was taken for it."""

    def make(change, name, *, uid, version, verb="apply"):
        return ApiCall.objects.create(
            work_id=change.work_id, generation=change.generation, oid=f"core/ConfigMap/shop/{name}", verb=verb,
            uid=uid, resource_version=version, at=timezone.now(),
        )  # fmt: skip

    return make


# Each change of these tests is a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)


def change_of(name, generation):
    return WorkChange.objects.get(name=name, generation=generation)


def test_a_change_names_what_it_changed(change, config):
    change("deployed", web=[config("a", key="1"), config("b", key="1"), config("c", key="1")])
    change("deployed", web=[config("a", key="1"), config("b", key="2"), config("d", key="1")])
    names = [f"core/ConfigMap/shop/{name}" for name in "abcd"]
    assert change_of("web", 1).changed == names[:3]
    assert change_of("web", 2).changed == names[1:]


def test_what_changes_nothing_is_no_change(change, config):
    change("deployed", web=[config("a")])
    change("deployed", web=[config("a")])
    assert WorkChange.objects.count() == 1


def test_an_object_leads_to_the_event_of_its_generation(change, config, api, admin):
    first = change("deployed.first", web=[config("a", key="1")], ground=[config("g")])
    second = change("deployed.second", web=[config("a", key="2")])
    known = change_of("web", 1)
    OwnedObject.objects.create(
        work_id=known.work_id, cluster=Cluster.objects.get(), oid="core/ConfigMap/shop/a", api_version="v1",
        claim="c", uid="u-1", resource_version="77",
    )  # fmt: skip
    client = api(admin)
    for generation, event in ((1, first), (2, second)):
        asked = {"work": known.work_id, "generation": generation, "uid": "u-1"}
        body = client.get("/api/v1/whodid/", asked).json()
        assert [each["id"] for each in body["events"]] == [event.pk]
        assert body["ours"] is True
    assert client.get("/api/v1/whodid/", {**asked, "uid": "u-2"}).json()["ours"] is False
    assert client.get("/api/v1/whodid/", {**asked, "generation": 3}).json()["code"] == "change_not_found"
    assert client.get("/api/v1/whodid/", {"work": "x", "generation": 1}).status_code == 400


def test_a_click_leads_to_all_objects_on_all_clusters(change, config, api, admin, cluster, owner, team):
    west = Cluster.objects.create(name="west", server="https://west.test", ca_data="", identity="west")
    change("earlier", web=[config("a")])
    with transaction.atomic():
        its = Owner(owner.kind, owner.id, owner.name, team)
        submit_work(owner=its, name="web", cluster=cluster, manifests=[config("a"), config("b")])
        submit_work(owner=its, name="web", cluster=west, manifests=[config("a")])
        event = audit.record(actor=admin, action="deployed", target=team)
    row = OwnedObject.objects.create(
        work_id=change_of("web", 2).work_id, cluster=cluster, oid="core/ConfigMap/shop/b", api_version="v1",
        claim="c", uid="u-9", resource_version="77", health="Healthy",
    )  # fmt: skip
    body = api(admin).get(f"/api/v1/audit/{event.pk}/objects/").json()
    assert [(each["cluster"], each["object"], each["uid"], each["resource_version"]) for each in body] == [
        ("east", "core/ConfigMap/shop/b", row.uid, "77"),
        ("west", "core/ConfigMap/shop/a", "", ""),
    ]
    assert api(admin).get("/api/v1/audit/999999/objects/").json()["code"] == "audit_event_not_found"


def told(calls):
    return [(each["verb"], each["uid"], each["resource_version"]) for each in calls]


def test_a_click_keeps_its_own_calls(change, config, api, admin, call):
    """A later change and later writes move the object on, not what the click came to."""
    first = change("first", web=[config("a", key="1"), config("b", key="1")])
    second = change("second", web=[config("a", key="2"), config("b", key="1")])
    for generation, versions in ((1, ("10", "11")), (2, ("20",))):
        for version in versions:
            call(change_of("web", generation), "a", uid="u-a", version=version)
    call(change_of("web", 1), "b", uid="u-b", version="12")
    call(change_of("web", 1), "a", uid="u-before", version="9", verb="delete")
    client = api(admin)
    found = {
        event: {
            each["object"][-1]: told(each["calls"]) for each in client.get(f"/api/v1/audit/{event}/objects/").json()
        }
        for event in (first.pk, second.pk)
    }
    assert found[first.pk] == {
        "a": [("apply", "u-a", "10"), ("apply", "u-a", "11"), ("delete", "u-before", "9")],
        "b": [("apply", "u-b", "12")],
    }
    assert found[second.pk] == {"a": [("apply", "u-a", "20")]}
    asked = {"work": change_of("web", 1).work_id, "generation": 1}
    assert told(client.get("/api/v1/whodid/", {**asked, "uid": "u-a"}).json()["calls"]) == found[first.pk]["a"][:2]
    assert client.get("/api/v1/whodid/", asked).json()["calls"] == []


def test_it_is_known_when_all_else_is_gone(change, config, api, admin, cluster, submit):
    change("deployed", web=[config("a")])
    work_id = change_of("web", 1).work_id
    from clusters.models import Work

    with transaction.atomic():
        retire_work(work=Work.objects.get())
        event = audit.record(actor=admin, action="retired", target=cluster)
    Work.objects.all().delete()
    body = api(admin).get("/api/v1/whodid/", {"work": work_id, "generation": 2}).json()
    assert [each["id"] for each in body["events"]] == [event.pk]
    assert body["change"]["changed"] == ["core/ConfigMap/shop/a"]


def test_it_is_told_to_who_may_view_the_application(change, config, api, admin, team):
    change("deployed", web=[config("a")])
    member, stranger = (
        services.create_user(username=name, password=f"{name} likes dumplings", actor=admin) for name in ("ann", "ben")
    )
    services.add_member(team=team, user=member, role="viewer", actor=admin)
    asked = {"work": change_of("web", 1).work_id, "generation": 1}
    assert api(member).get("/api/v1/whodid/", asked).status_code == 200
    assert api(stranger).get("/api/v1/whodid/", asked).json()["code"] == "change_not_found"
    event = AuditEvent.objects.get(action="deployed")
    assert api(member).get(f"/api/v1/audit/{event.pk}/objects/").json()["code"] == "auditor_required"
