"""What changes on a cluster makes its Work due within the watch, in lane drift; what does not concern it, does not."""

import pytest
from django.db.models.functions import Now

from clusters.models import Cluster, Lane, OwnedObject, Work
from clusters.watch import notice, process
from clusters.watch.notice import Notices
from clusters.watch.stream import Change


@pytest.fixture
def delivered(submit, until, healthy, ground, config):
    """Two ConfigMaps, live and not due before tomorrow."""
    work = submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    until(lambda: healthy(work))
    return work


@pytest.fixture
def rest():
    """rest(work): it is not due by itself, ever."""
    return lambda work: Work.objects.filter(pk=work.pk).update(next_check_at="2100-01-01T00:00:00Z", lane=Lane.SWEEP)


@pytest.fixture
def is_due():
    def check(work):
        return Work.objects.filter(pk=work.pk, next_check_at__lte=Now(), lane=Lane.DRIFT).exists()

    return check


def test_an_edited_object(delivered, rest, watching, eventually, is_due, drain, admin, live, oid):
    rest(delivered)
    watching()
    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "edited"}})
    eventually(lambda: is_due(delivered))
    drain()
    assert live("ConfigMap", "a")["data"] == {"key": "1"}


def test_a_deleted_object(delivered, rest, watching, eventually, is_due, drain, admin, live, oid):
    rest(delivered)
    watching()
    admin.delete(oid("ConfigMap", "a"))
    eventually(lambda: is_due(delivered))
    drain()
    assert live("ConfigMap", "a") is not None


def test_an_object_that_lost_our_label(delivered, rest, watching, eventually, is_due, drain, admin, live, oid):
    rest(delivered)
    watching()
    admin.merge(oid("ConfigMap", "a"), {"metadata": {"labels": {"dougong.dev/work": None}}})
    eventually(lambda: is_due(delivered))
    drain()
    assert live("ConfigMap", "a")["metadata"]["labels"]["dougong.dev/work"] == str(delivered.pk)


def test_an_object_deleted_while_nobody_watched(delivered, rest, watching, eventually, is_due, admin, oid):
    rest(delivered)
    admin.delete(oid("ConfigMap", "a"))
    watching()
    eventually(lambda: is_due(delivered))


def test_a_field_that_is_not_ours_does_not(
    delivered, submit, until, healthy, rest, watching, eventually, is_due, config, admin, oid
):
    marker = submit("marker", [config("marker", key="1")])
    until(lambda: healthy(marker))
    rest(delivered)
    rest(marker)
    watching()
    admin.merge(oid("ConfigMap", "a"), {"data": {"other": "theirs"}})
    admin.merge(oid("ConfigMap", "marker"), {"data": {"key": "edited"}})
    eventually(lambda: is_due(marker))  # of one stream the later event, so the earlier one is through
    assert not is_due(delivered)


def test_own_writes_come_to_rest(
    submit, until, healthy, rest, watching, eventually, is_due, drain, ground, config, admin, live, oid
):
    """A drain's own changes are seen as such."""
    work = submit("application", [*ground, config("a", key="1")])
    marker = submit("marker", [config("marker", key="1")])
    until(lambda: healthy(work, marker))
    watching()
    rest(marker)
    submit("application", [*ground, config("a", key="2")])
    drain()
    before = live("ConfigMap", "a")["metadata"]["resourceVersion"]
    admin.merge(oid("ConfigMap", "marker"), {"data": {"key": "edited"}})
    eventually(lambda: is_due(marker))
    assert not Work.objects.filter(pk=work.pk, next_check_at__lte=Now()).exists()
    assert live("ConfigMap", "a")["metadata"]["resourceVersion"] == before


def test_what_an_attempt_does_is_judged_when_it_is_recorded(
    delivered, rest, submit, drain, config, cluster, ground, live
):
    """Till then its Work is due; so an echo is not taken for news."""
    notices = Notices()
    submit("application", [*ground, config("a", key="2"), config("b", key="1")])
    notices.add([Change(cluster.pk, live("ConfigMap", "a"))])
    assert notices.judge() == 0
    drain()
    rest(delivered)
    before, written = live("ConfigMap", "a"), Work.objects.get()
    notices.add([Change(cluster.pk, before)])
    assert notices.judge() == 0
    assert not notices.left
    Work.objects.update(next_check_at=Now(), lane=Lane.DRIFT)
    edited = {**before, "data": {"key": "edited"}, "metadata": {**before["metadata"], "resourceVersion": "0"}}
    notices.add([Change(cluster.pk, edited)])
    assert notices.judge() == 0
    assert notices.left
    assert Work.objects.get().nudges == written.nudges


def test_what_is_no_echo_is_news_after_a_second(delivered, cluster, live, monkeypatch):
    monkeypatch.setattr(notice, "ECHO_SECONDS", 0)
    notices, before, nudges = Notices(), live("ConfigMap", "a"), Work.objects.get().nudges
    Work.objects.update(next_check_at=Now(), lane=Lane.DRIFT)
    edited = {**before, "data": {"key": "edited"}, "metadata": {**before["metadata"], "resourceVersion": "0"}}
    notices.add([Change(cluster.pk, edited)])
    assert notices.judge() == 1
    assert not notices.left
    assert Work.objects.get().nudges == nudges + 1


def test_another_hand_is_judged_as_soon_as_its_work_is_recorded(delivered, rest, cluster, live):
    """An echo of our own waits a moment longer."""
    ours = {**live("ConfigMap", "a"), "data": {"key": "edited"}}
    ours["metadata"] = {**ours["metadata"], "resourceVersion": "0"}
    managers = [{"manager": "kubectl", "time": "2100-01-01T00:00:00Z", "fieldsV1": {}}]
    others = {
        **ours,
        "metadata": {**ours["metadata"], "managedFields": [*ours["metadata"]["managedFields"], *managers]},
    }
    nudges = Work.objects.get().nudges
    for body, woken in ((ours, 0), (others, 1)):
        notices = Notices()
        Work.objects.update(next_check_at=Now(), lane=Lane.DRIFT)
        notices.add([Change(cluster.pk, body)])
        assert notices.judge() == 0
        rest(delivered)
        assert notices.judge() == woken
        assert notices.left is not bool(woken)
        assert Work.objects.get().nudges == nudges + woken


def test_a_pod_that_cannot_start(submit, drain, watching, eventually, ground, deployment, condition, registry_host):
    """Its Deployment stays as it was; only the pod tells more."""
    work = submit("application", [*ground, deployment(image=f"{registry_host}/never/there:1")])
    drain()
    watching()

    def told():
        drain()
        return condition(work, "Ready")["reason"] in ("ImagePullBackOff", "ImageNotFound", "ImagePullDenied")

    Work.objects.filter(pk=work.pk).update(next_check_at="2100-01-01T00:00:00Z")
    eventually(told)


def test_a_late_create_under_the_claim_of_what_was_removed(
    delivered, submit, rest, watching, eventually, drain, ground, config, admin, live, oid
):
    """A dead writer's request arrives after the object was pruned: it is found, and removed by its uid."""
    late = live("ConfigMap", "b")
    submit("application", [*ground, config("a", key="1")])
    drain()
    assert live("ConfigMap", "b") is None
    rest(delivered)
    kept = {key: late["metadata"][key] for key in ("name", "namespace", "labels", "annotations")}
    watching()
    admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": kept, "data": late["data"]})
    eventually(lambda: Work.objects.filter(name="orphans").exists())
    drain()
    assert live("ConfigMap", "b") is None
    assert not Work.objects.filter(name="orphans").exists()
    assert OwnedObject.objects.get(oid=str(oid("ConfigMap", "b"))).gone_at is not None


def test_a_suspended_cluster_is_let_go_and_taken_up_again(
    delivered, cluster, rest, watching, eventually, is_due, admin, oid, monkeypatch
):
    monkeypatch.setattr(process, "REGISTRY_SECONDS", 0.1)
    rest(delivered)
    Cluster.objects.update(suspended=True)
    watcher = watching()
    eventually(lambda: watcher.rounds >= 2)
    assert watcher.followed() == set()
    admin.delete(oid("ConfigMap", "a"))
    Cluster.objects.update(suspended=False)
    eventually(lambda: is_due(delivered))
    Cluster.objects.update(suspended=True)
    eventually(lambda: watcher.followed() == set())
