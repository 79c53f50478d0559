"""What a controller writes into a status is told in a condition, however it is written, and stops nobody else."""

from clusters.manifests import manifest

PARENT = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "nobodys"}


def test_a_reason_and_a_message_as_no_condition_or_database_takes_them(
    submit, until, healthy, condition, ground, config, namespace, admin, live, row, oid
):
    body = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}
    metadata = {"name": "web", "namespace": namespace}
    work = submit("application", [*ground, manifest({**body, "metadata": metadata, "spec": {"parentRefs": [PARENT]}})])
    until(lambda: live("HTTPRoute", "web") is not None)
    said = {
        "type": "Accepted",
        "status": "False",
        "reason": "pending_dns",
        "message": "no\0 zone",
        "observedGeneration": 1,
    }
    parent = {"parentRef": PARENT, "controllerName": "example.com/gateway"}
    conditions = [{**said, "lastTransitionTime": "2026-01-01T00:00:00Z"}]
    path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/httproutes/web/status"
    patch = {"status": {"parents": [{**parent, "conditions": conditions}]}}
    admin.request("PATCH", path, patch, content_type="application/merge-patch+json")
    other = submit("other", [config("a", key="1")])
    until(lambda: healthy(other) and condition(work, "Ready")["reason"] == "PendingDns")
    assert condition(work, "Ready")["message"].endswith("no zone")
    assert row(oid("HTTPRoute", "web")).reason == "PendingDns"
