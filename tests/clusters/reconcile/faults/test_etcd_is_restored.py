"""etcd is put back to an earlier revision: what is desired comes back, what was removed goes again, and nothing else.

The revisions are not bumped.
"""

import json
import uuid

import pytest

from clusters import resolve
from clusters.manifests import Manifest, ObjectId, claim_of, manifest
from clusters.models import OwnedObject, Work
from clusters.work import Owner
from tests.clusters.reconcile.faults.etcd import Etcd
from tests.clusters.watch import conftest as of_the_watcher
from tests.control_plane import eventually
from tests.labs import LAB

watching = of_the_watcher.watching
MANY = 10  # so many that a sweep looks at them by list
AHEAD = 300  # of what an API server that starts and its controllers write by themselves
BY_HAND = {"data": {"key": "by hand"}}
NAMES = ("edited", "dropped", "dropped-and-back", "new", "left")


pytestmark = pytest.mark.timeout(300)  # an API server starts anew


@pytest.fixture
def admin(admins):
    return admins["west"]


@pytest.fixture
def cluster(join):
    return join("west")


@pytest.fixture
def etcd(granted):
    made = Etcd(LAB, "west")
    yield made
    made.forget()


@pytest.fixture
def other(admins):
    """The namespace of another environment."""
    name = f"loop-{uuid.uuid4().hex[:8]}"
    yield name
    admins["west"].delete(ObjectId("", "Namespace", "", name))


@pytest.fixture
def elsewhere(namespace, other):
    """elsewhere(manifests) → the same in the other namespace."""
    return lambda manifests: [
        Manifest.from_json(json.loads(json.dumps(each.to_json()).replace(namespace, other))) for each in manifests
    ]


@pytest.fixture
def values(monkeypatch):
    monkeypatch.setitem(resolve._resolvers, "test", lambda rest: rest.encode())


@pytest.mark.usefixtures("values")
def test_what_the_registry_says_is_so_again(
    etcd, cluster, admin, namespace, submit, until, healthy, retire, gone, drain, watching,
    ground, config, secret, other, elsewhere, oid, live, row,
):  # fmt: skip
    stranger = Owner("test", uuid.uuid4(), "shop/staging")
    theirs = oid("ConfigMap", "theirs")
    protected = ObjectId("", "Namespace", "", other)

    def deliver(*names, key):
        maps = [config(name, key=key) for name in names]
        return submit("application", [*ground, *maps, secret(f"keys-{key}", password=f"test:{key}")])

    work = deliver("edited", "dropped", "dropped-and-back", key="1")
    leaving = submit("leaving", [config("left", key="1")])
    storing = submit("storing", [claim_of_storage(namespace)])
    environment = submit("all", elsewhere([*ground, config("a", key="1"), secret("b", c="test:d")]), owner=stranger)
    until(lambda: healthy(work, leaving, environment))
    kept = live("PersistentVolumeClaim", "data")["metadata"]["uid"]
    foreign = admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": _named(theirs), "data": {"key": "1"}})
    watching()
    etcd.keep()

    deliver("edited", key="2")
    until(lambda: healthy(work))
    deliver("edited", "dropped-and-back", "new", key="3")
    retire(leaving)
    retire(storing)  # which does not name its storage, so that is given up
    retire(environment, protected)
    until(lambda: healthy(work) and all(gone(each) for each in (leaving, storing, environment)))
    admin.merge(theirs, {"data": {"key": "2"}})
    etcd.put_back()
    assert live("Secret", "keys-1") is not None
    assert admin.get(protected) is not None
    assert claim_of(live("PersistentVolumeClaim", "data"))
    admin.merge(oid("ConfigMap", "edited"), BY_HAND)

    def seen():
        drain()
        lives = {name: live("ConfigMap", name) for name in NAMES}
        found = {name: each and each["data"] for name, each in lives.items()}
        found |= {f"keys-{key}": live("Secret", f"keys-{key}") is not None for key in "123"}
        storage = live("PersistentVolumeClaim", "data")
        return found | {
            "storage": (storage["metadata"]["uid"], claim_of(storage)),
        }

    def of_the_registry():
        drain()
        return [*Work.objects.values_list("name", "health")]

    one, none = {"key": "3"}, None
    eventually(seen, {
        "edited": one, "dropped": none, "dropped-and-back": one, "new": one, "left": none,
        "storage": (kept, ""),
        "keys-1": False, "keys-2": False, "keys-3": True,
    }.__eq__, seconds=60)  # fmt: skip
    # A namespace goes when the cluster's own controller, just started, comes to it.
    eventually(of_the_registry, [("application", "Healthy")].__eq__)
    assert admin.get(protected) is None
    assert live("ConfigMap", "theirs") == foreign
    for each in OwnedObject.objects.filter(work=work, gone_at=None):
        found = admin.get(ObjectId.parse(each.oid))
        assert (found["metadata"]["uid"], claim_of(found)) == (each.uid, each.claim)
    work.refresh_from_db()
    assert work.reported == {}


@pytest.mark.soak
def test_a_number_that_is_given_out_again_hides_no_edit(
    etcd, cluster, admin, submit, until, healthy, sweep, ground, config, oid, live, soak_result
):
    """Nobody watches, and a hand edit gets the very resourceVersion that is recorded of what we had written."""
    base = submit("ground", ground)
    until(lambda: healthy(base))
    bump = oid("ConfigMap", "bumped")
    admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": _named(bump)})

    def burn():
        return int(admin.merge(bump, {"data": {"number": uuid.uuid4().hex}})["metadata"]["resourceVersion"])

    names = [f"app-{number}" for number in range(MANY)]
    works = [submit(name, [config(name, key="1")]) for name in names]
    until(lambda: healthy(*works))
    etcd.keep()
    first = burn()
    while burn() < first + AHEAD:
        pass
    works = [submit(name, [config(name, key="2")]) for name in names]
    until(lambda: healthy(*works))
    sweep()
    recorded = sorted((int(row.resource_version), row.oid) for row in OwnedObject.objects.filter(work__in=works))
    etcd.put_back()
    assert live("ConfigMap", names[0])["data"] == {"key": "1"}
    for version, name in recorded[:-1]:
        while (at := burn()) < version - 1:
            pass
        edited = ObjectId.parse(name)
        if at == version - 1 and admin.merge(edited, BY_HAND)["metadata"]["resourceVersion"] == str(version):
            break
    else:
        pytest.fail("the cluster's own writes took each of the numbers")
    sweep(2)
    assert [live("ConfigMap", each)["data"] for each in names] == [{"key": "2"}] * MANY
    ahead = recorded[-1][0] - first
    soak_result("etcd_is_restored", restores=1, revisions_lost=ahead, applications=MANY)


def claim_of_storage(namespace):
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Mi"}}}
    metadata = {"name": "data", "namespace": namespace}
    return manifest({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})


def _named(oid):
    return {"name": oid.name, "namespace": oid.namespace}
