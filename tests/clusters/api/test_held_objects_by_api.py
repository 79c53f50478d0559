"""Objects that are kept though they are desired no longer: seen by the team, let go by its owners, by name."""

import threading
import uuid

import pytest
from django.db import connection, transaction

from clusters.manifests import Manifest
from clusters.models import OwnedObject, Work
from clusters.work import Owner, submit_work
from paas.core.models import AuditEvent
from paas.identity import services as identity
from tests.row_locks import until_someone_waits_for_a_row

OID = "core/PersistentVolumeClaim/shop-web/data"
DESIRED = "core/ConfigMap/shop-web/web"


@pytest.fixture
def owner(admin, team):
    user = identity.create_user(username="olga", password="olga likes dumplings", actor=admin)
    identity.add_member(team=team, user=user, role="owner", actor=admin)
    return user


@pytest.fixture
def work(register, team):
    cluster = register()
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop-web"}}
    with transaction.atomic():
        made = submit_work(
            owner=Owner("environment", uuid.uuid4(), "shop/web/production", team),
            name="application",
            cluster=cluster,
            manifests=[Manifest(body, phase=2)],
        )
    common = {"work": made, "cluster": cluster, "api_version": "v1"}
    OwnedObject.objects.create(oid=OID, namespace="shop-web", claim="a", **common)
    OwnedObject.objects.create(oid=DESIRED, namespace="shop-web", claim="b", **common)
    Work.objects.filter(pk=made.pk).update(reported={"PruneHeld": [{"id": OID}]}, next_check_at=None)
    return made


def at(work, more=""):
    return f"/api/v1/works/{work.pk}/{more}"


def let_go(client, work, **order):
    return client.post(at(work, "let-go/"), {"object": OID, "confirm": "data", **order}, format="json")


def test_the_team_sees_what_is_kept(api, work, member):
    assert api(member).get(at(work)).json()["held"] == [
        {"id": OID, "kind": "PersistentVolumeClaim", "name": "data", "why": "held", "named": False}
    ]


def test_an_owner_lets_it_go_by_its_name(api, work, owner):
    answer = let_go(api(owner), work, reason="copied elsewhere")
    assert answer.status_code == 202
    assert answer.json()["held"][0]["named"] is True
    work.refresh_from_db()
    assert work.retirement == [OID]
    assert work.next_check_at is not None
    event = AuditEvent.objects.get(action="work.release_held")
    assert (event.after, event.reason, event.actor) == ({"named": [OID]}, "copied elsewhere", owner)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"confirm": "web"}, "not_confirmed"),
        ({"confirm": ""}, "not_confirmed"),
        ({"object": "nonsense"}, "not_held"),
        ({"object": DESIRED, "confirm": "web"}, "not_held"),
        ({"object": "core/PersistentVolumeClaim/other/data"}, "not_held"),
    ],
)
def test_nothing_goes_by_mistake(api, work, owner, order, code):
    answer = let_go(api(owner), work, **order)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    work.refresh_from_db()
    assert work.retirement == []
    assert not AuditEvent.objects.filter(action="work.release_held").exists()


def test_only_owners_of_the_team_may(api, work, member, operator, stranger):
    for person, status in ((member, 403), (operator, 403), (stranger, 404)):
        assert let_go(api(person), work).status_code == status
    work.refresh_from_db()
    assert work.retirement == []


@pytest.mark.django_db(transaction=True)
def test_what_the_loop_removes_in_that_moment_is_not_found(api, work, owner):
    removed = threading.Event()

    def loop():
        with transaction.atomic():
            OwnedObject.objects.filter(work=work).delete()
            Work.objects.filter(pk=work.pk).delete()
            removed.set()
            until_someone_waits_for_a_row()
        connection.close()

    beside = threading.Thread(target=loop)
    beside.start()
    assert removed.wait(20)
    answer = let_go(api(owner), work)
    beside.join(20)
    assert (answer.status_code, answer.json()["code"]) == (404, "work_not_found")
    assert not AuditEvent.objects.filter(action="work.release_held").exists()
