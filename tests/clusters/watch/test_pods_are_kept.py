"""Pods of a real cluster as people are told of them, and no row more than there is to tell."""

from clusters.models import OwnedObject, WorkloadPods


def told():
    return [each for row in WorkloadPods.objects.all() for each in row.pods]


def test_pods_come_and_go(submit, until, healthy, ground, deployment, retire, watching, eventually, drain, make_due):
    work = submit("application", [*ground, deployment(replicas=2)])
    watching()
    until(lambda: healthy(work))
    eventually(lambda: [each["health"] for each in told()] == ["Healthy", "Healthy"])
    [row] = WorkloadPods.objects.all()
    assert OwnedObject.objects.filter(work=work, oid=row.oid).exists()
    for each in row.pods:
        assert each["node"]
        assert each["created_at"]
        assert (each["phase"], each["ready"], each["containers"], each["restarts"]) == ("Running", 1, 1, 0)
    submit("application", [*ground, deployment(replicas=1)])
    until(lambda: healthy(work))
    eventually(lambda: len(told()) == 1)


def test_a_pod_without_an_image_says_so(submit, drain, ground, deployment, watching, eventually):
    submit("application", [*ground, deployment(image="127.0.0.1:9/none:1")])
    watching()
    drain()
    eventually(lambda: [each["health"] for each in told()] == ["Degraded"], seconds=60)
    assert told()[0]["reason"] == "ImagePullBackOff"
    assert told()[0]["image"] == "127.0.0.1:9/none:1"
