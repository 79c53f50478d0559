"""From declared to live: claimed first, applied in phases, observed, and nothing sent where nothing changed."""

from clusters import lease
from clusters.manifests import ANNOTATION_CLAIM
from clusters.models import Lane, OwnedObject, Work
from clusters.reconcile.choose import choose


def test_a_declared_application_is_live_and_healthy(
    submit, until, healthy, ground, config, deployment, live, namespace
):
    base = submit("ground", ground)
    work = submit("application", [config("settings", a="1"), deployment(config="settings")], waits_for=[base])
    until(lambda: healthy(work))
    assert live("Deployment", "web")["status"]["availableReplicas"] == 1
    assert live("ConfigMap", "settings")["data"] == {"a": "1"}
    ready = next(each for each in Work.objects.get(pk=work.pk).conditions if each["type"] == "Ready")
    assert ready["status"] == "True"
    assert Work.objects.get(pk=work.pk).lane == Lane.SWEEP


def test_every_object_carries_the_claim_of_its_row(submit, until, healthy, ground, config, live, row, oid):
    work = submit("application", [*ground, config("settings", a="1")])
    until(lambda: healthy(work))
    found = live("ConfigMap", "settings")
    kept = row(oid("ConfigMap", "settings"))
    assert found["metadata"]["annotations"][ANNOTATION_CLAIM] == kept.claim
    assert found["metadata"]["uid"] == kept.uid
    assert found["metadata"]["labels"]["dougong.dev/work"] == str(work.pk)


def test_a_work_waits_for_its_ground_without_trying(submit, drain, ground, config, live):
    base = submit("ground", ground)
    work = submit("application", [config("settings", a="1")], waits_for=[base])
    Work.objects.filter(pk=base.pk).update(next_check_at=None)
    drain()
    work.refresh_from_db()
    assert [each["reason"] for each in work.conditions if each["type"] == "Waiting"] == ["WaitingForWork"]
    assert work.attempts == 0
    Work.objects.filter(pk=base.pk).update(next_check_at=work.created_at)
    drain()  # the transaction that records the ground Healthy makes the waiting Work due, in the same drain
    drain()
    assert live("ConfigMap", "settings") is not None


def test_rows_are_there_before_anything_is_sent(submit, cluster, ground, config):
    submit("application", [*ground, config("settings", a="1")])
    held = lease.take(cluster.pk, "test")
    assignments = choose(held, busy=[], limit=8)
    assert {row.oid for row in OwnedObject.objects.all()} == {str(each.id) for each in assignments[0].manifests}
    assert all(row.claim and not row.uid for row in OwnedObject.objects.all())
