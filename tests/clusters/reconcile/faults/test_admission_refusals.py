"""What the API server refuses for good, to us or to the controllers that make our pods: why, how often, and back."""

import copy

import pytest

from clusters.manifests import manifest
from clusters.models import OwnedObject, Work


@pytest.fixture
def reasons():
    """reasons(work) → {"Kind/name": (reason, message)} of its objects."""

    def told(work):
        rows = OwnedObject.objects.filter(work=work, gone_at=None)
        return {"/".join(row.oid.split("/")[1::2]): (row.reason, row.message) for row in rows}

    return told


@pytest.fixture
def other_kind(deployment):
    """other_kind("StatefulSet", "db", fields={"hostNetwork": True}, limit="128Mi", cpu="1") → that workload."""

    def make(kind, name, fields=None, limit="64Mi", **requests):
        body = copy.deepcopy(deployment(name=name, **requests).body)
        spec = body["spec"]
        spec["template"]["spec"] |= fields or {}
        spec["template"]["spec"]["containers"][0]["resources"]["limits"] = {"memory": limit}
        if kind != "Deployment":
            body["kind"] = kind
        if kind == "StatefulSet":
            spec["serviceName"] = name
        if kind in ("DaemonSet", "Job"):
            del spec["replicas"]
        if kind == "Job":
            body["apiVersion"] = "batch/v1"
            del spec["selector"]
            spec["template"]["spec"]["restartPolicy"] = "Never"
        return manifest(body, phase=1)

    return make


def test_pods_that_quota_limits_or_pod_security_refuse(submit, until, ground, other_kind, admin, namespace, reasons):
    ground[0].body["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "baseline"
    submit("ground", ground)
    until(lambda: Work.objects.get(name="ground").health == "Healthy")
    limit = {"limits": [{"type": "Container", "max": {"memory": "64Mi"}}]}
    for kind, plural, spec in (
        ("ResourceQuota", "resourcequotas", {"hard": {"requests.cpu": "500m"}}),
        ("LimitRange", "limitranges", limit),
    ):
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "theirs"}, "spec": spec}
        admin.request("POST", f"/api/v1/namespaces/{namespace}/{plural}", body)
    # DaemonSets and Jobs tell only by events, StatefulSets too; Deployments by a condition of their ReplicaSet.
    refused = {
        "Deployment/costly": ("QuotaExceeded", "exceeded quota: theirs", {"cpu": "1"}),
        "StatefulSet/large": ("LimitRangeViolated", "maximum memory usage per Container is 64Mi", {"limit": "128Mi"}),
        "DaemonSet/open": ("PodSecurityViolated", "hostNetwork", {"fields": {"hostNetwork": True}}),
        "Job/costly": ("QuotaExceeded", "requests.cpu", {"cpu": "1"}),
    }
    work = submit("application", [other_kind(*name.split("/"), **given) for name, (_, _, given) in refused.items()])
    until(lambda: {name: each[0] for name, each in reasons(work).items()} == {
        name: reason for name, (reason, _, _) in refused.items()
    })  # fmt: skip
    for name, (_, message, _) in refused.items():
        assert message in reasons(work)[name][1]
        assert name.partition("/")[2] in reasons(work)[name][1]  # the pod that was not made
    work.refresh_from_db()
    assert work.health == "Degraded"
    # Once there is room it goes on by itself.
    admin.request("DELETE", f"/api/v1/namespaces/{namespace}/resourcequotas/theirs")
    admin.request("DELETE", f"/api/v1/namespaces/{namespace}/limitranges/theirs")
    until(lambda: not {"QuotaExceeded", "LimitRangeViolated"} & {reason for reason, _ in reasons(work).values()})


def test_fields_that_may_not_change(submit, drain, until, healthy, ground, other_kind, namespace, condition, live):
    def service(**spec):
        body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": namespace}}
        return manifest({**body, "spec": {"ports": [{"name": "http", "port": 80}], **spec}}, phase=1)

    before = [*ground, other_kind("Job", "once"), service(), other_kind("Deployment", "web")]
    work = submit("application", before)
    until(lambda: live("Deployment", "web") is not None)
    address = live("Service", "web")["spec"]["clusterIP"].rpartition(".")
    another = service(clusterIP=f"{address[0]}.{int(address[2]) % 250 + 1}")
    job, web = copy.deepcopy(before[2].body), copy.deepcopy(before[4].body)
    job["spec"]["template"]["spec"]["containers"][0]["command"] = ["true"]
    web["spec"]["selector"]["matchLabels"]["another"] = web["spec"]["template"]["metadata"]["labels"]["another"] = "1"
    kept = [live(*each)["metadata"]["uid"] for each in (("Job", "once"), ("Service", "web"), ("Deployment", "web"))]
    submit("application", [*ground, manifest(job, phase=1), another, manifest(web, phase=1)])
    drain()
    told = condition(work, "ApplyFailed")
    assert told["reason"] == "ImmutableField"
    for name in ("batch/Job/", "core/Service/", "apps/Deployment/"):
        assert name in told["message"]
    assert "spec.template: Invalid value: field is immutable" in told["message"]  # and not all of the template
    # It waits longer each time, and a drain finds nothing to do till then.
    work.refresh_from_db()
    assert (work.health, work.attempts) == ("Degraded", 1)
    first = work.not_before - work.updated_at
    for attempts in (2, 3, 4):
        Work.objects.filter(pk=work.pk).update(next_check_at="2000-01-01T00:00Z", not_before=None)
        drain()
        assert Work.objects.get(pk=work.pk).attempts == attempts
    work.refresh_from_db()
    assert work.not_before - work.updated_at > first
    # The release before is still one that can be had back, on the same objects.
    submit("application", before)
    until(lambda: condition(work, "ApplyFailed") is None)
    assert kept == [
        live(*each)["metadata"]["uid"] for each in (("Job", "once"), ("Service", "web"), ("Deployment", "web"))
    ]
