"""Hand-over: replicas to a scaler, an object to another Work; nothing is deleted, nothing falls to a default."""

from django.db import transaction

from clusters.models import OwnedObject
from clusters.work import hand_over, submit_work


def test_replicas_that_we_stop_saying_stay_as_they_live(
    submit, drain, sweep, healthy, ground, deployment, admin, live, oid
):
    submit("application", [*ground, deployment(replicas=5, image="198.18.0.1:1/never/there:1")])
    drain()
    assert live("Deployment", "web")["spec"]["replicas"] == 5
    work = submit("application", [*ground, deployment(replicas=None, image="198.18.0.1:1/never/there:1")])
    drain()
    assert live("Deployment", "web")["spec"]["replicas"] == 5
    admin.scale(oid("Deployment", "web"), 3)  # as the scaler does from now on
    sweep(2)
    assert live("Deployment", "web")["spec"]["replicas"] == 3
    work.refresh_from_db()
    assert work.observed_generation == work.generation


def test_replicas_that_are_said_again_are_ours_again(submit, drain, ground, deployment, live):
    image = "198.18.0.1:1/never/there:1"
    for replicas, expected in ((2, 2), (None, 2), (4, 4), (None, 4)):
        submit("application", [*ground, deployment(replicas=replicas, image=image)])
        drain()
        assert live("Deployment", "web")["spec"]["replicas"] == expected


def test_an_object_moves_to_another_work_as_it_is(
    submit, until, healthy, drain, sweep, cluster, owner, ground, config, live, row, oid
):
    source = submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    destination = submit("shared", [config("c", key="1")])
    until(lambda: healthy(source, destination))
    before = live("ConfigMap", "a")["metadata"]
    claim = row(oid("ConfigMap", "a")).claim
    with transaction.atomic():
        hand_over(ids=[oid("ConfigMap", "a")], source=source, destination=destination)
        given = {"owner": owner, "cluster": cluster}
        source = submit_work(name="application", manifests=[*ground, config("b", key="1")], **given)
        shared = [config("c", key="1"), config("a", key="1")]
        destination = submit_work(name="shared", manifests=shared, **given)
    drain()
    sweep(2)
    after = live("ConfigMap", "a")["metadata"]
    assert after["uid"] == before["uid"]
    assert after["labels"]["dougong.dev/work"] == str(destination.pk)
    assert (row(oid("ConfigMap", "a")).claim, row(oid("ConfigMap", "a")).work_id) == (claim, destination.pk)
    assert healthy(source, destination)
    assert not OwnedObject.objects.filter(gone_at__isnull=False).exists()
