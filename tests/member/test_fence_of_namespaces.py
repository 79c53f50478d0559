"""The fence on namespaces: where the writer may write at all, and which Namespaces are its own."""

import uuid

import pytest


@pytest.fixture
def own(writer, admin, namespace_body):
    """A Namespace of ours, of this test alone, with claim "n-1" and epoch 5."""
    name = f"member-{uuid.uuid4().hex[:8]}"
    assert writer.apply(f"/api/v1/namespaces/{name}", namespace_body(name, claim="n-1", epoch=5)).status == 201
    yield name
    admin("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def test_writes_at_once_in_a_namespace_just_made(writer, own, config_map, name):
    path = f"/api/v1/namespaces/{own}/configmaps/{name}"
    assert writer.apply(path, config_map(name, claim="c", epoch=1)).status == 201


@pytest.mark.parametrize("where", ["kube-system", "default", "dougong-system", "kube-public"])
def test_refuses_objects_in_namespaces_of_the_cluster(writer, config_map, name, where):
    path = f"/api/v1/namespaces/{where}/configmaps/{name}"
    assert writer.apply(path, config_map(name, claim="c", epoch=1), force=True).fenced == "namespace"
    assert writer.get(path).status == 404


def test_refuses_objects_in_a_foreign_namespace(writer, foreign, config_map, name):
    path = f"/api/v1/namespaces/{foreign}/configmaps/{name}"
    assert writer.apply(path, config_map(name, claim="c", epoch=1)).fenced == "namespace"


def test_refuses_to_patch_and_delete_what_lives_in_kube_system(writer):
    path = "/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt"
    assert writer.merge(path, {"data": {"ca.crt": "mine"}}).fenced == "namespace"
    assert writer.delete(path).fenced == "namespace"
    assert "mine" not in writer.get(path).body["data"]["ca.crt"]


def test_refuses_a_workload_in_kube_system(writer, name):
    body = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "annotations": {"dougong.dev/claim": "c"}},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        },
    }
    assert writer.apply(f"/apis/apps/v1/namespaces/kube-system/daemonsets/{name}", body).fenced == "namespace"


def test_refuses_to_delete_in_default(writer, admin, name):
    admin("create", "configmap", name, "-n", "default", "--from-literal=a=b")
    try:
        assert writer.delete(f"/api/v1/namespaces/default/configmaps/{name}").fenced == "namespace"
    finally:
        admin("delete", "configmap", name, "-n", "default")


def test_a_claim_does_not_open_a_foreign_namespace(writer, admin, name):
    """An object that carries a claim, for whatever reason, is still out of reach there."""
    admin("create", "configmap", name, "-n", "default", "--from-literal=a=b")
    admin("annotate", "configmap", name, "-n", "default", "dougong.dev/claim=c")
    try:
        assert writer.delete(f"/api/v1/namespaces/default/configmaps/{name}").fenced == "namespace"
    finally:
        admin("delete", "configmap", name, "-n", "default")


def test_refuses_to_patch_the_namespace_kube_system(writer):
    patch = {"metadata": {"labels": {"dougong.dev/environment": "mine"}, "annotations": {"dougong.dev/claim": "c"}}}
    assert writer.merge("/api/v1/namespaces/kube-system", patch).fenced == "claim"
    assert "dougong.dev/environment" not in writer.get("/api/v1/namespaces/kube-system").body["metadata"]["labels"]


def test_refuses_to_apply_over_a_foreign_namespace(writer, foreign, namespace_body):
    path = f"/api/v1/namespaces/{foreign}"
    assert writer.apply(path, namespace_body(foreign, claim="c", epoch=9), force=True).fenced == "claim"


def test_refuses_to_delete_a_foreign_namespace(writer, foreign):
    assert writer.delete(f"/api/v1/namespaces/{foreign}").fenced == "claim"
    assert writer.get(f"/api/v1/namespaces/{foreign}").body["status"]["phase"] == "Active"


def test_refuses_to_make_a_namespace_without_a_claim(writer, namespace_body, name):
    assert writer.apply(f"/api/v1/namespaces/{name}", namespace_body(name)).fenced == "claim"
    assert writer.get(f"/api/v1/namespaces/{name}").status == 404


def test_refuses_to_make_a_namespace_without_our_label(writer, namespace_body, name):
    path = f"/api/v1/namespaces/{name}"
    assert writer.apply(path, namespace_body(name, claim="c", label=False)).fenced == "namespace"
    assert writer.get(path).status == 404


def test_updates_a_namespace_of_ours(writer, own, namespace_body):
    body = namespace_body(own, claim="n-1", epoch=6)
    body["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    answer = writer.apply(f"/api/v1/namespaces/{own}", body, force=True)
    assert answer.status == 200
    assert answer.body["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_refuses_another_claim_on_a_namespace_of_ours(writer, own, namespace_body):
    answer = writer.apply(f"/api/v1/namespaces/{own}", namespace_body(own, claim="n-2", epoch=6), force=True)
    assert answer.fenced == "claim"


def test_refuses_a_lower_epoch_on_a_namespace_of_ours(writer, own, namespace_body):
    answer = writer.apply(f"/api/v1/namespaces/{own}", namespace_body(own, claim="n-1", epoch=4), force=True)
    assert answer.fenced == "epoch"


def test_a_namespace_of_ours_keeps_our_label(writer, own, namespace_body):
    body = namespace_body(own, claim="n-1", epoch=6, label=False)
    assert writer.apply(f"/api/v1/namespaces/{own}", body, force=True).fenced == "namespace"


def test_gives_a_namespace_up_with_its_label(writer, own, namespace_body, config_map, name):
    """What `NamespaceKept` does: from then on the namespace is like any other."""
    path = f"/api/v1/namespaces/{own}"
    answer = writer.apply(path, namespace_body(own, epoch=5, label=False, released="n-1"), force=True)
    assert answer.status == 200
    assert "dougong.dev/environment" not in answer.body["metadata"]["labels"]
    assert writer.delete(path).fenced == "claim"
    assert writer.apply(path, namespace_body(own, claim="n-1", epoch=9), force=True).fenced == "claim"


def test_deletes_a_namespace_of_ours(writer, own):
    assert writer.delete(f"/api/v1/namespaces/{own}").status == 200
    gone = writer.get(f"/api/v1/namespaces/{own}")
    assert gone.status == 404 or gone.body["status"]["phase"] == "Terminating"


@pytest.mark.parametrize(
    ("api_version", "plural", "kind"),
    [
        ("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole"),
        ("admissionregistration.k8s.io/v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy"),
        ("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass"),
    ],
)
def test_refuses_every_other_cluster_wide_kind(writer, api_version, plural, kind, name):
    """RBAC says no first: the writer has no verb that writes these."""
    metadata = {"name": name, "annotations": {"dougong.dev/claim": "c"}}
    body = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    assert writer.create(f"/apis/{api_version}/{plural}", body).refused_by_rbac


def test_the_fence_itself_refuses_cluster_wide_kinds_where_rbac_would_not(admin, writer, name):
    """Somebody gives the writer too much: the fence still holds."""
    admin("create", "clusterrole", name, "--verb=create,delete", "--resource=priorityclasses")
    admin(
        "create", "clusterrolebinding", name, f"--clusterrole={name}", "--serviceaccount=dougong-system:dougong-writer"
    )
    path = "/apis/scheduling.k8s.io/v1/priorityclasses"
    body = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "value": 1,
        "metadata": {"name": name, "annotations": {"dougong.dev/claim": "c"}},
    }
    try:
        answer = writer.create(path, body)
        while answer.refused_by_rbac:  # the new role reaches the API server's cache a moment later
            answer = writer.create(path, body)
        assert answer.fenced == "namespace"
        admin("create", "priorityclass", name, "--value=1")
        assert writer.delete(f"{path}/{name}").fenced == "namespace"
    finally:
        admin("delete", "priorityclass", name, "--ignore-not-found")
        admin("delete", "clusterrolebinding", name)
        admin("delete", "clusterrole", name)
