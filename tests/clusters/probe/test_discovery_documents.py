"""Served kinds out of aggregated discovery."""

import pytest

from clusters.probe.discovery import served


def document(*groups):
    return {"kind": "APIGroupDiscoveryList", "items": list(groups)}


def group(name, version, *resources, freshness="Current"):
    entry = {"version": version, "freshness": freshness, "resources": list(resources)}
    return {"metadata": {"name": name}, "versions": [entry]}


def resource(plural, kind, scope="Namespaced", verbs=("get", "list")):
    return {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": list(verbs)}


CORE = document(
    {"versions": [{"version": "v1", "resources": [resource("pods", "Pod"), resource("nodes", "Node", "Cluster")]}]}
)


def test_the_core_group_has_an_empty_name():
    assert served([CORE]).resources == {
        "/v1/Node": {"plural": "nodes", "namespaced": False},
        "/v1/Pod": {"plural": "pods", "namespaced": True},
    }


def test_groups_and_versions_are_kept_apart():
    found = served([document(group("apps", "v1", resource("deployments", "Deployment")), group("apps", "v1beta1"))])
    assert list(found.resources) == ["apps/v1/Deployment"]


def test_what_can_only_be_created_is_no_object():
    review = resource("tokenreviews", "TokenReview", "Cluster", verbs=["create"])
    assert served([document(group("authentication.k8s.io", "v1", review))]).resources == {}


def test_a_broken_group_is_named_and_what_was_known_of_it_stays():
    found = served([CORE, document(group("metrics.k8s.io", "v1beta1", freshness="Stale"))])
    assert found.stale == ("metrics.k8s.io/v1beta1",)
    before = {
        "metrics.k8s.io/v1beta1/PodMetrics": {"plural": "pods", "namespaced": True},
        "gone.example/v1/Thing": {"plural": "things", "namespaced": True},
    }
    merged = found.or_before(before)
    assert "metrics.k8s.io/v1beta1/PodMetrics" in merged
    assert "gone.example/v1/Thing" not in merged
    assert "/v1/Pod" in merged


def test_another_document_is_no_discovery():
    with pytest.raises(ValueError, match="APIGroupList"):
        served([{"kind": "APIGroupList"}])
