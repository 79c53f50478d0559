"""What RBAC gives the writer, and what it does not: each answer is the API server's own."""

import base64
import json

import pytest

POD = {"containers": [{"name": "c", "image": "i"}]}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": POD}
SELECTOR = {"matchLabels": {"a": "b"}}
JOB_TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {**POD, "restartPolicy": "Never"}}
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
WRITABLE = [
    ("v1", "services", "Service", {"spec": {"ports": [{"port": 80}]}}),
    ("v1", "configmaps", "ConfigMap", {"data": {"a": "b"}}),
    ("v1", "serviceaccounts", "ServiceAccount", {}),
    ("v1", "persistentvolumeclaims", "PersistentVolumeClaim",
     {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}),
    ("v1", "resourcequotas", "ResourceQuota", {"spec": {"hard": {"pods": "100"}}}),
    ("v1", "limitranges", "LimitRange", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "4"}}]}}),
    ("apps/v1", "deployments", "Deployment", {"spec": {"replicas": 0, "selector": SELECTOR, "template": TEMPLATE}}),
    ("apps/v1", "statefulsets", "StatefulSet",
     {"spec": {"replicas": 0, "serviceName": "s", "selector": SELECTOR, "template": TEMPLATE}}),
    ("apps/v1", "daemonsets", "DaemonSet",
     {"spec": {"selector": SELECTOR, "template": {**TEMPLATE, "spec": {**POD, "nodeSelector": {"no": "node"}}}}}),
    ("batch/v1", "jobs", "Job", {"spec": {"suspend": True, "template": JOB_TEMPLATE}}),
    ("batch/v1", "cronjobs", "CronJob",
     {"spec": {"suspend": True, "schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": JOB_TEMPLATE}}}}),
    ("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler",
     {"spec": {"maxReplicas": 2, "scaleTargetRef": TARGET}}),
    ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", {"spec": {"maxUnavailable": 1, "selector": SELECTOR}}),
    ("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", {"spec": {"podSelector": {}}}),
]  # fmt: skip
READ_EVERYWHERE = [
    "/api/v1/pods", "/apis/apps/v1/replicasets", "/api/v1/nodes", "/api/v1/events", "/apis/events.k8s.io/v1/events",
    "/apis/storage.k8s.io/v1/storageclasses", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings", "/api/v1/namespaces", "/apis/apps/v1/deployments",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/dougong-fence",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/dougong-fence",
    "/api/v1/namespaces/kube-system", "/version", "/apis",
]  # fmt: skip
READ_NOWHERE = [
    "/api/v1/secrets", "/api/v1/namespaces/kube-system/secrets",
    "/api/v1/namespaces/dougong-system/secrets/dougong-minter",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles", "/apis/rbac.authorization.k8s.io/v1/roles",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "/api/v1/namespaces/kube-system/pods/x/log", "/api/v1/nodes/x/proxy/pods",
]  # fmt: skip


def root(api_version):
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


@pytest.mark.parametrize("row", WRITABLE, ids=[row[1] for row in WRITABLE])
def test_applies_and_deletes_each_kind_of_a_building_block(writer, ours, name, row):
    api_version, plural, kind, rest = row
    path = f"{root(api_version)}/namespaces/{ours}/{plural}/{name}"
    metadata = {"name": name, "annotations": {"dougong.dev/claim": "c", "dougong.dev/epoch": "1"}}
    body = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}
    assert writer.apply(path, body).status == 201
    assert writer.apply(path, body, force=True).status == 200
    assert writer.get(f"{root(api_version)}/{plural}").status == 200
    assert writer.delete(path).status in {200, 202}


def test_applies_a_route_where_the_cluster_serves_them(writer, ours, name):
    path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{ours}/httproutes/{name}"
    body = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "annotations": {"dougong.dev/claim": "c"}},
        "spec": {"hostnames": ["a.example"], "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]},
    }
    served = "gateway.networking.k8s.io" in {group["name"] for group in writer.get("/apis").body["groups"]}
    assert writer.apply(path, body).status == (201 if served else 404)


def test_asks_for_a_secret_of_a_store_where_the_cluster_serves_the_kind(writer, ours, name):
    path = f"/apis/external-secrets.io/v1/namespaces/{ours}/externalsecrets/{name}"
    metadata = {"name": name, "annotations": {"dougong.dev/claim": "c"}}
    body = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": metadata, "spec": {}}
    served = "external-secrets.io" in {group["name"] for group in writer.get("/apis").body["groups"]}
    assert writer.apply(path, body).status == (201 if served else 404)
    # Asked, not tried: what no cluster of the lab serves can't be refused in one way for sure.
    wanted = {"group": "external-secrets.io", "resource": "secretstores", "verb": "get", "namespace": ours}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": wanted},
    }
    answer = writer.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    assert answer.body["status"].get("allowed") is False, answer.body["status"]


@pytest.mark.parametrize("path", READ_EVERYWHERE)
def test_reads_what_health_and_the_probe_need(writer, path):
    assert writer.get(path).status == 200


@pytest.mark.parametrize("path", READ_NOWHERE)
def test_cannot_read_what_is_nobodys_business(writer, path):
    assert writer.get(path).refused_by_rbac


def test_can_ask_what_it_may_do(writer):
    """Reviews pass the fence: the probe asks its own rights."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "list", "resource": "secrets"}},
    }
    answer = writer.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    assert (answer.status, answer.body["status"]["allowed"]) == (201, False)


def test_cannot_make_pods(writer, bound, name):
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": {"dougong.dev/claim": "c"}},
        "spec": POD,
    }
    assert writer.create(f"/api/v1/namespaces/{bound}/pods", body).refused_by_rbac


def test_cannot_make_replica_sets(writer, bound, name):
    spec = {"selector": SELECTOR, "template": TEMPLATE}
    metadata = {"name": name, "annotations": {"dougong.dev/claim": "c"}}
    body = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}
    assert writer.create(f"/apis/apps/v1/namespaces/{bound}/replicasets", body).refused_by_rbac


def test_cannot_touch_a_subresource(writer, bound, name):
    """Neither a scale nor a status nor the finalizers of a namespace."""
    scale = {"spec": {"replicas": 9}}
    assert writer.merge(f"/apis/apps/v1/namespaces/{bound}/deployments/{name}/scale", scale).refused_by_rbac
    assert writer.merge(f"/apis/apps/v1/namespaces/{bound}/deployments/{name}/status", {}).refused_by_rbac
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": bound}}
    answer = writer.send("PUT", f"/api/v1/namespaces/{bound}/finalize", body, **{"Content-Type": "application/json"})
    assert answer.refused_by_rbac


def test_cannot_delete_a_whole_collection(writer, bound):
    assert writer.delete(f"/api/v1/namespaces/{bound}/configmaps").refused_by_rbac


def test_the_fence_refuses_a_subresource_where_rbac_would_not(admin, writer, ours, name, config_map):
    admin("create", "clusterrole", name, "--verb=patch", "--resource=persistentvolumeclaims/status")
    admin(
        "create", "clusterrolebinding", name, f"--clusterrole={name}", "--serviceaccount=dougong-system:dougong-writer"
    )
    body = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "annotations": {"dougong.dev/claim": "c"}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    path = f"/api/v1/namespaces/{ours}/persistentvolumeclaims/{name}"
    assert writer.apply(path, body).status == 201
    try:
        answer = writer.merge(f"{path}/status", {"status": {"phase": "Lost"}})
        while answer.refused_by_rbac:  # the new role reaches the API server's cache a moment later
            answer = writer.merge(f"{path}/status", {"status": {"phase": "Lost"}})
        assert answer.fenced == "claim"
    finally:
        admin("delete", "clusterrolebinding", name)
        admin("delete", "clusterrole", name)


@pytest.mark.parametrize("role", ["cluster-admin", "admin", "system:controller:namespace-controller"])
def test_cannot_bind_another_role_in_its_namespace(writer, bound, role_binding, name, role):
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{bound}/rolebindings/{name}"
    answer = writer.apply(path, role_binding(name, role))
    assert (answer.status, answer.fenced) == (403, None)
    assert "attempting to grant RBAC permissions not currently held" in answer.body["message"]


@pytest.mark.parametrize("where", ["kube-system", "dougong-system", "default"])
def test_cannot_bind_its_role_outside_its_namespaces(writer, role_binding, name, where):
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{where}/rolebindings/{name}"
    assert writer.apply(path, role_binding(name, "dougong-namespace-writer")).fenced == "namespace"


def test_cannot_bind_cluster_wide(writer, name, role_binding):
    body = role_binding(name, "dougong-namespace-writer") | {"kind": "ClusterRoleBinding"}
    assert writer.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", body).refused_by_rbac


def test_cannot_impersonate(writer):
    """A group that may everything, a person, an account: RBAC knows no half of it."""
    for who in (
        {"Impersonate-User": "root", "Impersonate-Group": "system:masters"},
        {"Impersonate-User": "admin"},
        {"Impersonate-User": "system:serviceaccount:kube-system:namespace-controller"},
    ):
        answer = writer.get("/api/v1/secrets", **who)
        assert answer.refused_by_rbac
        assert "cannot impersonate" in answer.body["message"]


@pytest.mark.parametrize("account", ["dougong-writer", "dougong-minter"])
def test_cannot_mint_tokens(writer, account):
    path = f"/api/v1/namespaces/dougong-system/serviceaccounts/{account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    assert writer.create(path, body).refused_by_rbac


def test_cannot_loosen_the_fence(writer):
    root = "/apis/admissionregistration.k8s.io/v1"
    for path in (
        f"{root}/validatingadmissionpolicies/dougong-fence",
        f"{root}/validatingadmissionpolicybindings/dougong-fence",
    ):
        assert writer.merge(path, {"metadata": {"labels": {"a": "b"}}}).refused_by_rbac
        assert writer.delete(path).refused_by_rbac


def test_secrets_of_a_namespace_come_with_its_binding(writer, admin, namespace_body, name):
    """The same namespace label, but no RoleBinding: no Secrets, logs or exec."""
    assert writer.apply(f"/api/v1/namespaces/{name}", namespace_body(name, claim="c")).status == 201
    try:
        path = f"/api/v1/namespaces/{name}"
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "s", "annotations": {"dougong.dev/claim": "c"}},
        }
        assert writer.apply(f"{path}/secrets/s", body).refused_by_rbac
        assert writer.get(f"{path}/secrets").refused_by_rbac
        assert writer.get(f"{path}/pods/p/log").refused_by_rbac
        assert writer.create(f"{path}/pods/p/exec?command=id", {}).refused_by_rbac
        assert writer.get(f"{path}/endpoints").refused_by_rbac
    finally:
        admin("delete", "namespace", name, "--wait=false")


def test_writes_secrets_where_it_is_bound(writer, bound, name):
    path = f"/api/v1/namespaces/{bound}/secrets/{name}"
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "annotations": {"dougong.dev/claim": "c", "dougong.dev/epoch": "1"}},
        "immutable": True,
        "stringData": {"password": "x"},
    }
    assert writer.apply(path, body).status == 201
    assert base64.b64decode(writer.get(path).body["data"]["password"]) == b"x"
    assert writer.delete(path).status == 200


def test_a_foreign_secret_in_its_namespace_is_fenced(writer, admin, bound, name):
    admin("create", "secret", "generic", name, "-n", bound, "--from-literal=a=b")
    path = f"/api/v1/namespaces/{bound}/secrets/{name}"
    assert writer.merge(path, {"stringData": {"a": "mine"}}).fenced == "claim"
    assert writer.delete(path).fenced == "claim"


def test_cannot_watch_secrets_even_where_it_is_bound(writer, bound):
    assert writer.get(f"/api/v1/namespaces/{bound}/secrets?watch=true").refused_by_rbac


def test_lists_everything_its_namespace_holds(writer, bound):
    for group, plural in (
        ("/api/v1", "endpoints"),
        ("/api/v1", "configmaps"),
        ("/apis/discovery.k8s.io/v1", "endpointslices"),
        ("/apis/coordination.k8s.io/v1", "leases"),
        ("/apis/apps/v1", "controllerrevisions"),
    ):
        assert writer.get(f"{group}/namespaces/{bound}/{plural}").status == 200


def test_logs_are_allowed_where_it_is_bound_and_exec_is_not(writer, bound):
    """No such pod is another answer than no such right."""
    assert writer.get(f"/api/v1/namespaces/{bound}/pods/absent/log").status == 404
    assert writer.create(f"/api/v1/namespaces/{bound}/pods/absent/exec?command=id", {}).refused_by_rbac
    assert writer.get(f"/api/v1/namespaces/{bound}/pods/absent/proxy/").refused_by_rbac


def test_the_api_server_finds_no_fault_in_the_fence(admin):
    """A controller checks the policy's types; a warning there would be an expression that fails at run time."""
    status = json.loads(admin("get", "validatingadmissionpolicy", "dougong-fence", "-o", "json")).get("status", {})
    assert not status.get("typeChecking", {}).get("expressionWarnings")
