"""A finalizer that nobody clears keeps a namespace or an object: the cause is told, and all else goes on."""

import copy
from datetime import UTC, datetime

import pytest

from clusters.kinds import WELL_KNOWN
from clusters.manifests import ObjectId, claim_of, manifest
from clusters.models import OwnedObject, Work

HOLD = "test.dougong.dev/hold"
LONG_AGO, IN_A_WHILE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def held(admin):
    """held(body) creates an object with a finalizer that nobody but letting go clears; let_go(oid) clears it."""
    holding = []

    def create(body, oid):
        body = {**body, "metadata": {**body["metadata"], "finalizers": [HOLD]}}
        holding.append(oid)
        return admin.create(body)

    def hold(oid):
        holding.append(oid)
        admin.merge(oid, {"metadata": {"finalizers": [HOLD]}})

    def let_go(oid):
        if oid in holding and admin.get(oid) is not None:
            holding.remove(oid)
            admin.merge(oid, {"metadata": {"finalizers": None}})

    create.hold, create.let_go = hold, let_go
    yield create
    for oid in [*holding]:
        let_go(oid)


def message(work, oid):
    return OwnedObject.objects.get(work=work, oid=str(oid), gone_at=None).message


def test_a_namespace_that_is_stuck_keeps_only_what_is_in_it(
    submit, drain, sweep, until, healthy, ground, config, admin, live, oid, held, condition, namespace, owner
):
    base = submit("ground", ground)
    work = submit("application", [config("a", key="1")], waits_for=[base])
    until(lambda: healthy(base, work))
    stranger = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": namespace}}
    held(stranger, oid("ConfigMap", "theirs"))
    uid = live("Namespace")["metadata"]["uid"]
    admin.delete(oid("Namespace"))

    # The namespace goes as far as it can, and its Work says what keeps it.
    until(lambda: HOLD in message(base, oid("Namespace")) and live("ConfigMap", "a") is None)
    sweep(2)
    assert HOLD in condition(base, "Terminating")["message"]
    assert condition(work, "ApplyFailed")["reason"] == "NamespaceTerminating"
    assert namespace in condition(work, "ApplyFailed")["message"]
    assert (live("ConfigMap", "a"), live("Namespace")["metadata"]["uid"]) == (None, uid)

    # Who lives elsewhere notices nothing.
    elsewhere = _elsewhere(ground, f"{namespace}-other")
    try:
        other = submit("elsewhere", elsewhere)
        until(lambda: healthy(other))
    finally:
        admin.delete(elsewhere[0].id)

    held.let_go(oid("ConfigMap", "theirs"))
    until(lambda: healthy(base, work))
    assert live("Namespace")["metadata"]["uid"] != uid
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    assert condition(work, "ApplyFailed") is None


def _elsewhere(ground, name):
    namespace, binding = (copy.deepcopy(each.body) for each in ground)
    namespace["metadata"]["name"] = binding["metadata"]["namespace"] = name
    return [manifest(namespace), manifest(binding)]


def test_a_namespace_that_comes_back_brings_its_content_back_at_once(
    submit, drain, until, healthy, ground, config, admin, live, oid
):
    base = submit("ground", ground)
    work = submit("application", [config("a", key="1")])
    until(lambda: healthy(base, work))
    admin.delete(oid("Namespace"))

    async def gone(client):
        return await client.get(WELL_KNOWN["v1", "Namespace"], "", oid("Namespace").name) is None

    admin.until(gone)
    Work.objects.filter(pk=base.pk).update(next_check_at=None)
    Work.objects.filter(pk=work.pk).update(next_check_at=LONG_AGO)
    drain()
    Work.objects.filter(pk=work.pk).update(next_check_at=IN_A_WHILE, not_before=IN_A_WHILE)
    assert Work.objects.get(pk=work.pk).attempts == 1
    Work.objects.filter(pk=base.pk).update(next_check_at=LONG_AGO)
    drain()
    assert healthy(base, work)
    assert live("ConfigMap", "a") is not None


def test_an_object_that_is_to_be_pruned_stays_for_its_finalizer(
    submit, drain, sweep, until, healthy, ground, config, admin, live, oid, held
):
    work = submit("application", [*ground, config("a", key="1"), config("b", key="1"), config("c", key="1")])
    until(lambda: healthy(work))
    held.hold(oid("ConfigMap", "a"))
    submit("application", [*ground, config("c", key="2")])
    until(lambda: live("ConfigMap", "b") is None)
    assert "deletionTimestamp" in live("ConfigMap", "a")["metadata"]
    assert HOLD in message(work, oid("ConfigMap", "a"))
    assert live("ConfigMap", "c")["data"] == {"key": "2"}
    # It is deleted once, waited for, and does not keep the Work from being well.
    before = live("ConfigMap", "a")
    sweep(2)
    assert live("ConfigMap", "a") == before
    assert healthy(work)
    held.let_go(oid("ConfigMap", "a"))
    until(lambda: not OwnedObject.objects.filter(work=work, oid=str(oid("ConfigMap", "a")), gone_at=None).exists())


def test_a_retirement_waits_for_a_finalizer_and_ends_when_it_is_cleared(
    submit, retire, drain, sweep, until, healthy, gone, ground, config, live, oid, held, condition
):
    base = submit("ground", ground)
    work = submit("application", [config("a", key="1"), config("b", key="1")])
    other = submit("other", [config("c", key="1")])
    until(lambda: healthy(base, work, other))
    held.hold(oid("ConfigMap", "a"))
    retire(work)
    until(lambda: live("ConfigMap", "b") is None)
    sweep(2)
    assert HOLD in message(work, oid("ConfigMap", "a"))
    assert condition(work, "Removing")["message"] == "1 objects are still there."
    assert healthy(other)
    assert not gone(work)
    held.let_go(oid("ConfigMap", "a"))
    until(lambda: gone(work))
    assert live("ConfigMap", "a") is None


def test_a_retirement_waits_for_a_namespace_that_is_stuck_with_nothing_else(
    submit, retire, until, healthy, gone, ground, config, admin, live, oid, held, namespace
):
    """As where a restored etcd brings back one that cannot go, and much besides."""
    elsewhere = _elsewhere(ground, f"{namespace}-other")
    stuck = elsewhere[0].id
    inside = ObjectId("", "ConfigMap", stuck.name, "theirs")
    work = submit("all", [*ground, *elsewhere, config("a", key="1")])
    until(lambda: healthy(work))
    try:
        held({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": stuck.name}}, inside)
        admin.delete(stuck)
        retire(work, stuck)
        until(lambda: live("ConfigMap", "a") is None and claim_of(live("Namespace")) == "")
        assert admin.get(stuck) is not None
        assert not gone(work)
        held.let_go(inside)
        until(lambda: gone(work))
        assert admin.get(stuck) is None
    finally:
        held.let_go(inside)
        admin.delete(stuck)
