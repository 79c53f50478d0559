"""An object is changed by its owner alone: what is ours is told by claim and uid, never by its name or labels."""

import uuid

import pytest

from clusters import resolve
from clusters.kinds import WELL_KNOWN
from clusters.manifests import ANNOTATION_CLAIM, ANNOTATION_EPOCH
from clusters.models import Cluster, ClusterCredential, OwnedObject
from clusters.work import Owner

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap"}


@pytest.fixture
def delivered(submit, until, healthy, ground, config):
    """The ground and two ConfigMaps, live."""
    work = submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    until(lambda: healthy(work))
    return work


@pytest.fixture
def environment(submit, until, healthy, ground):
    """The namespace with its rights, live."""
    work = submit("ground", ground)
    until(lambda: healthy(work))
    return work


def make_foreign(admin, oid, **metadata):
    made = {"name": oid.name, "namespace": oid.namespace, **metadata}
    return admin.create({**CONFIG, "metadata": made, "data": {"other": "theirs"}})


@pytest.mark.parametrize("labels", [{}, {"app.kubernetes.io/managed-by": "dougong", "dougong.dev/work": "forged"}])
def test_a_foreign_object_of_our_name_is_left_and_told(
    environment, submit, drain, config, admin, live, oid, condition, labels
):
    before = make_foreign(admin, oid("ConfigMap", "a"), labels=labels)
    work = submit("application", [config("a", key="1"), config("b", key="1")])
    drain()
    assert live("ConfigMap", "a") == before
    assert live("ConfigMap", "b")["data"] == {"key": "1"}
    assert condition(work, "NotOwned")["reason"] == "ForeignObject"
    work.refresh_from_db()
    assert work.reported["NotOwned"] == [{"id": str(oid("ConfigMap", "a")), "owner": "dougong"}]
    assert work.health == "Missing"


def test_disjoint_keys_of_a_foreign_object_are_not_merged(environment, submit, drain, config, admin, live, oid):
    before = make_foreign(admin, oid("ConfigMap", "a"))
    submit("application", [config("a", ours="1")])
    drain()
    assert live("ConfigMap", "a") == before


def test_an_object_of_a_crashed_writer_is_ours_by_its_claim(delivered, sweep, healthy, live, row, oid):
    # A worker that dies between the apply and the record leaves a row that knows no uid.
    OwnedObject.objects.update(uid="", sent_digest="", live_digest="", resource_version="")
    before = live("ConfigMap", "a")["metadata"]["uid"]
    sweep()
    assert live("ConfigMap", "a")["metadata"]["uid"] == before == row(oid("ConfigMap", "a")).uid
    assert healthy(delivered)


def test_a_crashed_writer_s_object_that_was_edited_since_is_ours_too(delivered, sweep, admin, live, oid):
    OwnedObject.objects.update(uid="", sent_digest="", live_digest="", resource_version="")
    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "edited"}})
    sweep()
    assert live("ConfigMap", "a")["data"] == {"key": "1"}


def test_an_object_deleted_by_hand_comes_back(delivered, sweep, healthy, admin, live, row, oid):
    before = live("ConfigMap", "a")["metadata"]["uid"]
    admin.delete(oid("ConfigMap", "a"))
    sweep()
    found = live("ConfigMap", "a")["metadata"]
    assert found["uid"] != before
    assert found["uid"] == row(oid("ConfigMap", "a")).uid
    assert healthy(delivered)


def test_an_object_that_somebody_else_made_anew_is_theirs(delivered, sweep, admin, live, oid, condition):
    admin.delete(oid("ConfigMap", "a"))
    before = make_foreign(admin, oid("ConfigMap", "a"))
    sweep()
    assert live("ConfigMap", "a") == before
    assert condition(delivered, "NotOwned")["reason"] == "ForeignObject"


def test_an_object_restored_from_a_backup_is_ours_by_its_claim(delivered, sweep, healthy, admin, live, row, oid):
    saved = live("ConfigMap", "a")["metadata"]
    admin.delete(oid("ConfigMap", "a"))
    kept = {"labels": saved["labels"], "annotations": saved["annotations"]}
    restored = make_foreign(admin, oid("ConfigMap", "a"), **kept)
    sweep()
    assert live("ConfigMap", "a")["data"]["key"] == "1"
    assert row(oid("ConfigMap", "a")).uid == restored["metadata"]["uid"] != saved["uid"]
    assert healthy(delivered)


def test_a_namespace_deleted_by_hand_comes_back_with_all_in_it(
    delivered, submit, until, healthy, admin, namespace, live, oid, secret, monkeypatch
):
    monkeypatch.setitem(resolve._resolvers, "test", lambda rest: rest.encode())
    work = submit("more", [secret("keys", key="test:value")])
    until(lambda: healthy(work, delivered))
    before = live("Namespace")["metadata"]["uid"]
    admin.delete(oid("Namespace"))
    admin.until(lambda client: _is_gone(client, namespace))
    until(lambda: live("Secret", "keys") is not None and healthy(work, delivered))
    assert live("Namespace")["metadata"]["uid"] != before
    assert live("ConfigMap", "a")["data"] == {"key": "1"}


async def _is_gone(client, namespace):
    return await client.get(WELL_KNOWN["v1", "Namespace"], "", namespace) is None


def test_two_works_that_want_one_object_do_not_fight(delivered, submit, drain, sweep, config, live, condition, oid):
    other = submit("other", [config("a", key="2")])
    drain()
    sweep(2)
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    assert condition(other, "NotOwned")["reason"] == "OtherWork"
    assert "shop/production/application@east" in condition(other, "NotOwned")["message"]


def test_a_cluster_of_two_control_planes_keeps_what_each_made(environment, submit, drain, config, admin, live, oid):
    # Another Dougong that writes to the same cluster has claims too; ours are not theirs.
    marks = {ANNOTATION_CLAIM: "of-another-control-plane", ANNOTATION_EPOCH: "1"}
    before = make_foreign(admin, oid("ConfigMap", "a"), annotations=marks, labels={"dougong.dev/work": "theirs"})
    work = submit("application", [config("a", key="1")])
    drain()
    assert live("ConfigMap", "a") == before
    work.refresh_from_db()
    assert work.reported["NotOwned"][0]["owner"] == "another Dougong Work (theirs)"


class TestWithoutTheFence:
    """A cluster registered without the policy: the administrator writes there, whom no policy confines."""

    @pytest.fixture
    def unfenced(self, cluster, admin):
        credential = ClusterCredential.objects.get(cluster=cluster)
        credential.token, credential.client_certificate, credential.client_key = "", admin.certificate, admin.key
        credential.save()
        said = [each for each in cluster.conditions if each["type"] != "FenceMissing"]
        said.append({"type": "FenceMissing", "status": "True", "reason": "NotInstalled", "message": ""})
        Cluster.objects.filter(pk=cluster.pk).update(conditions=said)
        return cluster

    def test_a_foreign_object_is_read_first_and_left(
        self, unfenced, submit, drain, ground, config, admin, live, oid, condition
    ):
        submit("ground", ground)
        drain()
        before = make_foreign(admin, oid("ConfigMap", "a"))
        work = submit("application", [config("a", key="1"), config("b", key="1")])
        drain()
        assert live("ConfigMap", "a") == before
        assert live("ConfigMap", "b")["data"] == {"key": "1"}
        assert condition(work, "NotOwned")["reason"] == "ForeignObject"

    def test_an_object_of_a_crashed_writer_is_still_ours(
        self, unfenced, submit, drain, sweep, healthy, ground, config, live, row, oid
    ):
        work = submit("application", [*ground, config("a", key="1")])
        drain()
        OwnedObject.objects.update(uid="", sent_digest="", live_digest="")
        sweep()
        assert row(oid("ConfigMap", "a")).uid == live("ConfigMap", "a")["metadata"]["uid"]
        assert healthy(work)


def test_a_stranger_s_work_of_the_same_names_is_told_apart_by_owner(delivered, submit, drain, config, live, oid):
    stranger = Owner("test", uuid.uuid4(), "bank/production")
    work = submit("application", [config("a", key="9")], owner=stranger)
    drain()
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    work.refresh_from_db()
    assert work.reported["NotOwned"] == [
        {"id": str(oid("ConfigMap", "a")), "owner": "shop/production/application@east"}
    ]
