"""Removal: phases backwards, after those who need it; a namespace only if named, and if nothing foreign is in it."""

import pytest

from clusters import resolve
from clusters.client import APPLY
from clusters.fields import owned_fields
from clusters.kinds import WELL_KNOWN
from clusters.manifests import ANNOTATION_CLAIM, FIELD_MANAGER, manifest
from clusters.models import OwnedObject, Work
from clusters.orphans import take_in
from clusters.reconcile.release import ANNOTATION_RELEASED
from paas.core.models import AuditEvent


@pytest.fixture
def base(submit, until, healthy, ground):
    """The ground, live."""
    work = submit("ground", ground)
    until(lambda: healthy(work))
    return work


@pytest.fixture
def on_top(base, submit, until, healthy, config):
    """An application that waits for the ground, live."""
    work = submit("application", [config("a", key="1")], waits_for=[base])
    until(lambda: healthy(work))
    return work


def make_foreign(admin, namespace):
    metadata = {"name": "theirs", "namespace": namespace}
    return admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": "theirs"}})


def test_a_retired_work_leaves_nothing(base, on_top, retire, drain, gone, live, oid):
    retire(on_top)
    drain()
    assert gone(on_top)
    assert live("ConfigMap", "a") is None
    grave = OwnedObject.objects.get(oid=str(oid("ConfigMap", "a")))
    assert (grave.gone_at is not None, grave.work) == (True, None)


def test_a_work_that_was_never_delivered_goes_too(cluster, submit, retire, drain, gone, config):
    work = submit("application", [config("a", key="1")])
    retire(work)
    drain()
    assert gone(work)


def test_phases_go_backwards(base, submit, until, healthy, retire, drain, gone, config, admin, live, oid):
    work = submit("application", [config("early", phase=2, key="1"), config("late", phase=3, key="1")])
    until(lambda: healthy(work))
    admin.merge(oid("ConfigMap", "late"), {"metadata": {"finalizers": ["test.dougong.dev/hold"]}})
    retire(work)
    drain()
    assert live("ConfigMap", "early") is not None
    assert live("ConfigMap", "late")["metadata"]["deletionTimestamp"]
    assert OwnedObject.objects.get(oid=str(oid("ConfigMap", "late"))).message == (
        "Waits for the finalizers test.dougong.dev/hold."
    )
    admin.merge(oid("ConfigMap", "late"), {"metadata": {"finalizers": None}})
    until(lambda: gone(work))
    assert live("ConfigMap", "early") is None


def test_a_work_goes_after_all_that_wait_for_it(base, on_top, retire, drain, until, gone, condition, live, oid):
    retire(base, oid("Namespace"))
    drain()
    assert condition(base, "Waiting")["message"] == "Goes after shop/production/application@east, which need it."
    assert live("Namespace") is not None
    assert live("ConfigMap", "a") is not None
    retire(on_top)
    until(lambda: gone(base) and gone(on_top))
    assert live("Namespace") is None


@pytest.mark.parametrize(
    ("kind", "name", "patch"),
    [
        ("RoleBinding", "dougong-writer", {"subjects": []}),
        ("RoleBinding", "dougong-writer", None),
        ("Namespace", "", {"metadata": {"labels": {"dougong.dev/environment": None}}}),
    ],
    ids=["rights", "rights-deleted", "label"],
)
def test_ground_that_was_damaged_by_hand_is_kept_up_till_all_on_it_is_gone(
    base, submit, until, healthy, retire, gone, secret, monkeypatch, admin, live, oid, kind, name, patch
):
    monkeypatch.setitem(resolve._resolvers, "test", lambda rest: rest.encode())
    work = submit("application", [secret("keys", key="test:value")], waits_for=[base])
    until(lambda: healthy(work))
    admin.merge(oid(kind, name), patch) if patch else admin.delete(oid(kind, name))
    retire(work)
    retire(base, oid("Namespace"))
    until(lambda: gone(work) and gone(base))
    assert live("Namespace") is None


def test_what_went_with_its_namespace_is_known_to_be_gone(
    base, submit, until, healthy, retire, gone, secret, monkeypatch, admin, live, oid
):
    """Our right to look into a namespace goes with it, so the answer about a Secret in it is 403, not 404."""
    monkeypatch.setitem(resolve._resolvers, "test", lambda rest: rest.encode())
    work = submit("application", [secret("keys", key="test:value")], waits_for=[base])
    until(lambda: healthy(work))
    retire(work)
    retire(base, oid("Namespace"))
    admin.delete(oid("Namespace"))
    admin.until(lambda client: _absent(client, oid("Namespace")))
    until(lambda: gone(work) and gone(base))


async def _absent(client, oid):
    return await client.get(WELL_KNOWN["v1", "Namespace"], "", oid.name) is None


def test_a_work_goes_after_others_that_live_in_its_namespace(
    base, submit, until, healthy, retire, drain, gone, config, condition, oid
):
    lodger = submit("lodger", [config("a", key="1")])
    until(lambda: healthy(lodger))
    retire(base, oid("Namespace"))
    drain()
    assert "shop/production/lodger@east" in condition(base, "Waiting")["message"]
    retire(lodger)
    until(lambda: gone(base))


def test_a_namespace_that_nobody_named_is_given_up(base, retire, until, gone, live, oid):
    retire(base)
    until(lambda: gone(base))
    metadata = live("Namespace")["metadata"]
    assert "deletionTimestamp" not in metadata
    assert "dougong.dev/environment" not in metadata["labels"]
    assert ANNOTATION_CLAIM not in metadata["annotations"]
    assert metadata["annotations"][ANNOTATION_RELEASED]
    assert AuditEvent.objects.get(action="work.removed").after == {"Kept": [{"id": str(oid("Namespace"))}]}


def test_a_namespace_with_something_foreign_stays_and_says_so(
    base, on_top, retire, until, gone, admin, namespace, live, oid
):
    before = make_foreign(admin, namespace)
    retire(on_top)
    retire(base, oid("Namespace"))
    until(lambda: gone(base))
    metadata = live("Namespace")["metadata"]
    assert "deletionTimestamp" not in metadata
    assert not [name for name in metadata["labels"] if name.startswith("dougong.dev/")]
    assert ANNOTATION_CLAIM not in metadata["annotations"]
    assert live("ConfigMap", "theirs") == before
    assert live("RoleBinding", "dougong-writer") is None
    kept = AuditEvent.objects.get(action="work.removed").after
    assert kept == {"NamespaceKept": [{"id": str(oid("ConfigMap", "theirs")), "owner": "dougong"}]}


def test_what_kubernetes_made_for_our_pods_is_not_foreign(
    base, submit, until, healthy, retire, gone, deployment, live, oid
):
    """ReplicaSet and Pod of a Deployment that is being collected while its namespace is looked through."""
    work = submit("application", [deployment()], waits_for=[base])
    until(lambda: healthy(work))
    retire(work)
    retire(base, oid("Namespace"))
    until(lambda: gone(base))
    assert live("Namespace") is None
    assert not AuditEvent.objects.filter(action="work.removed").exists()


def test_a_namespace_that_we_may_not_look_into_stays(base, retire, until, gone, admin, live, oid):
    admin.delete(oid("RoleBinding", "dougong-writer"))
    retire(base, oid("Namespace"))
    until(lambda: gone(base))
    assert "deletionTimestamp" not in live("Namespace")["metadata"]
    assert AuditEvent.objects.get(action="work.removed").after["NamespaceKept"]


def test_a_namespace_that_comes_late_is_given_up_whatever_was_in_it(
    base, submit, until, healthy, retire, gone, secret, monkeypatch, admin, cluster, live, oid
):
    """A dead writer's create arrives when all is gone: nothing lets us look for the Secret that was in it."""
    monkeypatch.setitem(resolve._resolvers, "test", lambda rest: rest.encode())
    work = submit("application", [secret("keys", key="test:value")], waits_for=[base])
    until(lambda: healthy(work))
    late = {key: live("Namespace")["metadata"][key] for key in ("name", "labels", "annotations")}
    retire(work)
    retire(base, oid("Namespace"))
    until(lambda: gone(work) and gone(base))
    admin.merge(oid("Namespace"), {"apiVersion": "v1", "kind": "Namespace", "metadata": late}, APPLY, FIELD_MANAGER)
    assert take_in(cluster.pk, late["annotations"][ANNOTATION_CLAIM])
    until(lambda: not Work.objects.filter(owner_kind="cluster"))
    metadata = live("Namespace")["metadata"]
    assert "deletionTimestamp" not in metadata
    assert ANNOTATION_CLAIM not in metadata["annotations"]
    assert "may not look" in AuditEvent.objects.get(action="work.removed").after["NamespaceKept"][0]["id"]
    assert not OwnedObject.objects.filter(gone_at=None)


def test_an_unnamed_claim_of_storage_is_given_up_with_its_content(
    base, submit, drain, retire, until, gone, namespace, live, oid
):
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Mi"}}}
    metadata = {"name": "data", "namespace": namespace}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    work = submit("application", [manifest(claim)])
    drain()
    before = live("PersistentVolumeClaim", "data")
    retire(work)
    until(lambda: gone(work))
    after = live("PersistentVolumeClaim", "data")
    assert (after["spec"], after["metadata"]["uid"]) == (before["spec"], before["metadata"]["uid"])
    assert "labels" not in owned_fields(after, FIELD_MANAGER)["metadata"]


def test_another_cluster_behind_the_address_loses_nothing(base, on_top, retire, drain, cluster, live):
    type(cluster).objects.update(identity="of-another-cluster")
    retire(on_top)
    drain()
    assert live("ConfigMap", "a") is not None
    assert Work.objects.filter(pk=on_top.pk).exists()
