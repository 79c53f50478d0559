"""What an API server refuses becomes a reason that a person can act upon; the messages are those of Kubernetes 1.34."""

import pytest

from clusters.faults import ApiRefused
from clusters.manifests import manifest
from clusters.reconcile.refusals import explain

SAID = [
    (403, 'configmaps "b" is forbidden: exceeded quota: o, requested: count/configmaps=1, used: count/configmaps=2, '
          "limited: count/configmaps=2", "QuotaExceeded"),
    (403, 'pods "x" is forbidden: failed quota: ours: must specify limits.cpu for: main', "QuotaExceeded"),
    (403, 'pods "web" is forbidden: [maximum memory usage per Container is 64Mi, but limit is 128Mi]',
     "LimitRangeViolated"),
    (403, 'persistentvolumeclaims "d" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but '
          "request is 1Mi", "LimitRangeViolated"),
    (403, 'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
     "PodSecurityViolated"),
    (422, 'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"a":"2"}}: '
          "field is immutable",
     "ImmutableField"),
    (422, 'StatefulSet.apps "db" is invalid: spec: Forbidden: updates to statefulset spec for fields other than '
          "'replicas', 'ordinals' are forbidden", "ImmutableField"),
    (403, 'configmaps "a" is forbidden: unable to create new content in namespace x because it is being terminated',
     "NamespaceTerminating"),
    (404, 'namespaces "nowhere" not found', "NamespaceNotFound"),
    (403, 'admission webhook "check.test" denied the request: no', "WebhookDenied"),
    (500, 'Internal error occurred: failed calling webhook "check.test": Post "https://x": context deadline exceeded',
     "WebhookFailed"),
    (422, "ValidatingAdmissionPolicy 'no-latest' with binding 'b' denied request: no latest", "PolicyDenied"),
    (403, "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'dougong-registries' with binding 'dougong-registries' "
     "denied request: dougong-registries: nginx is of no registry that this namespace may use: registry.example",
     "RegistryNotAllowed"),
    (403, "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'dougong-fence' with binding 'dougong-fence' "
          "denied request: dougong-fence: namespace: This namespace belongs to no environment", "FenceRefused"),
    (403, 'roles is forbidden: User "system:serviceaccount:dougong-system:dougong-writer" cannot create '
          'resource "roles"',
     "PermissionDenied"),
    (409, 'Apply failed with 1 conflict: conflict with "helm": .data.key', "FieldConflict"),
    (500, "failed to create typed patch object (x; /v1, Kind=ConfigMap): .daat: field not declared in schema",
     "UnknownField"),
    (413, "Request entity too large: limit is 3145728", "TooLarge"),
    (422, 'Service "x" is invalid: spec.ports: Required value', "Invalid"),
    (429, "too many requests, please try again later", "TooManyRequests"),
    (503, "etcdserver: leader changed", "ServerError"),
    (418, "short and stout", "Refused"),
    (404, "the server could not find the requested resource", "NotFound"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "message", "reason"), SAID)
def test_each_has_its_reason(status, message, reason):
    assert explain(ApiRefused(status, "", message)) == (reason, message)


def test_a_silent_refusal_is_told_by_its_status():
    assert explain(ApiRefused(502, "BadGateway", "")) == ("ServerError", "The API server answered 502 BadGateway.")


def test_what_no_database_keeps_is_left_out():
    for answer in ({"message": "no\0 way"}, "no\0 way"):
        refusal = ApiRefused.of(403, answer, None)
        assert (refusal.message, str(refusal)) == ("no way", "403 : no way")


@pytest.fixture
def base(submit, until, healthy, ground):
    work = submit("ground", ground)
    until(lambda: healthy(work))
    return work


def reason(condition, work):
    return condition(work, "ApplyFailed")["reason"]


def test_a_full_quota(base, submit, drain, until, admin, namespace, config, condition, live):
    spec = {"hard": {"count/configmaps": "1"}}
    path = f"/api/v1/namespaces/{namespace}/resourcequotas"
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "theirs"}, "spec": spec}
    admin.request("POST", path, body)

    async def counted(client):
        return ((await client.request("GET", f"{path}/theirs")).get("status") or {}).get("used")

    admin.until(counted)  # kube-root-ca.crt fills it
    work = submit("application", [config("a", key="1")])
    until(lambda: condition(work, "ApplyFailed") is not None)
    assert reason(condition, work) == "QuotaExceeded"
    assert live("ConfigMap", "a") is None
    work.refresh_from_db()
    assert (work.health, work.attempts >= 1) == ("Degraded", True)


def test_a_selector_that_cannot_change(base, submit, drain, deployment, condition):
    submit("application", [deployment(replicas=0)])
    drain()
    other = deployment(replicas=0).body
    labels = {**other["spec"]["selector"]["matchLabels"], "another": "label"}
    other["spec"]["selector"]["matchLabels"] = other["spec"]["template"]["metadata"]["labels"] = labels
    work = submit("application", [manifest(other)])
    drain()
    assert reason(condition, work) == "ImmutableField"


def test_pods_that_pod_security_refuses(submit, until, ground, deployment, condition):
    ground[0].body["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    work = submit("application", [*ground, deployment()])
    until(lambda: "violates PodSecurity" in condition(work, "Ready")["message"])
    work.refresh_from_db()
    assert work.health == "Degraded"


def test_a_namespace_that_is_not_there(cluster, submit, drain, config, condition):
    work = submit("application", [config("a", key="1")])
    drain()
    assert reason(condition, work) == "NamespaceNotFound"


def test_a_field_that_the_kind_has_not(base, submit, drain, config, condition):
    work = submit("application", [manifest({**config("a").body, "daat": {"key": "1"}})])
    drain()
    assert reason(condition, work) == "UnknownField"


def test_a_namespace_of_somebody_else(cluster, submit, drain, config, admin, namespace, condition, live):
    admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    work = submit("application", [config("a", key="1")])
    drain()
    assert reason(condition, work) == "FenceRefused"
    assert live("ConfigMap", "a") is None
