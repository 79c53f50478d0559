"""Nodes, gateways, storage, the fence: read out of the server's answers."""

import pytest

from clusters.probe import facts
from clusters.probe.discovery import Served
from clusters.probe.facts import Facts
from clusters.quantity import quantity, totals
from clusters.target import ClusterTarget, GatewayRef


def gateway(name, namespaces, labels=None, protocol="HTTP"):
    return {
        "metadata": {"name": name, "namespace": "infra", "labels": labels or {}},
        "spec": {"listeners": [{"protocol": protocol, "allowedRoutes": {"namespaces": namespaces}}]},
    }


def selector(**terms):
    return {"from": "Selector", "selector": terms}


OURS = selector(matchLabels={"app.kubernetes.io/managed-by": "dougong"})


@pytest.mark.parametrize(
    ("gateways", "name"),
    [
        ([], None),
        ([gateway("a", {"from": "All"})], "a"),
        ([gateway("a", {"from": "Same"})], None),
        ([gateway("a", {})], None),
        ([gateway("a", {"from": "All"}, protocol="TCP")], None),
        ([gateway("a", OURS)], "a"),
        ([gateway("a", selector(matchLabels={"app.kubernetes.io/managed-by": "other"}))], None),
        ([gateway("a", selector(matchExpressions=[{"key": "dougong.dev/environment", "operator": "Exists"}]))], "a"),
        ([gateway("a", selector(matchExpressions=[{"key": "theirs", "operator": "Exists"}]))], None),
        ([gateway("a", selector(matchExpressions=[{"key": "theirs", "operator": "DoesNotExist"}]))], "a"),
        ([gateway("a", OURS), gateway("b", {"from": "All"})], None),
        ([gateway("a", OURS), gateway("b", {"from": "All"}, {"dougong.dev/gateway": "true"})], "b"),
        ([gateway("a", OURS), gateway("b", {"from": "Same"}, {"dougong.dev/gateway": "true"})], "a"),
    ],
)
def test_the_gateway_is_the_labelled_or_the_only_one_open_to_us(gateways, name):
    found = facts.gateway(gateways)
    assert (found and found["name"]) == name


def storage_class(name, tier=None, default=False):
    metadata = {"name": name, "labels": {"dougong.dev/tier": tier} if tier else {}}
    if default:
        metadata["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {"metadata": metadata}


def test_storage_tiers_come_from_labels_and_the_default_class():
    found = facts.storage([storage_class("slow", default=True), storage_class("nvme", "fast"), storage_class("other")])
    assert found == {"default": "slow", "fast": "nvme"}


def test_a_class_labelled_as_default_wins_by_name_only_once():
    assert facts.storage([storage_class("b", default=True), storage_class("a", "default")]) == {"default": "a"}


POLICY = {"spec": {"failurePolicy": "Fail"}}
BINDING = {"spec": {"policyName": "dougong-fence", "validationActions": ["Deny"]}}


@pytest.mark.parametrize(
    ("label", "revision"), [("2", 2), ("12", 12), ("", None), ("two", None), ("٣", None), ("9" * 30, None)]
)
def test_the_fence_tells_what_was_granted(label, revision):
    assert facts.revision({"metadata": {"labels": {"app.kubernetes.io/version": label}}}) == revision
    assert facts.revision(None) is None


def test_what_cannot_be_read_now_was_granted_before():
    assert Facts(version="v1.34.4", latency_ms=1, grants=2).to_json({"grants": 1})["grants"] == 2
    assert Facts(version="v1.34.4", latency_ms=1).to_json({"grants": 1})["grants"] == 1


@pytest.mark.parametrize(
    ("policy", "binding", "fenced"),
    [
        (POLICY, BINDING, True),
        (None, BINDING, False),
        (POLICY, None, False),
        ({"spec": {"failurePolicy": "Ignore"}}, BINDING, False),
        (POLICY, {"spec": {"policyName": "dougong-fence", "validationActions": ["Warn"]}}, False),
        (POLICY, {"spec": {"policyName": "other", "validationActions": ["Deny"]}}, False),
    ],
)
def test_the_fence_stands_only_where_it_denies(policy, binding, fenced):
    assert facts.fenced(policy, binding) is fenced


NODE = {
    "metadata": {"name": "n1", "labels": {"node-role.kubernetes.io/worker": ""}},
    "spec": {"unschedulable": True, "taints": [{"key": "k", "effect": "NoSchedule"}]},
    "status": {
        "conditions": [{"type": "Ready", "status": "True"}],
        "nodeInfo": {"kubeletVersion": "v1.34.4"},
        "capacity": {"cpu": "2", "memory": "4Gi", "pods": "110", "hugepages-2Mi": "0"},
        "allocatable": {"cpu": "1900m", "memory": "3Gi", "pods": "110"},
    },
}


def test_a_node_is_cut_to_what_people_ask():
    assert facts.node(NODE) == {
        "name": "n1",
        "ready": True,
        "cordoned": True,
        "roles": ["worker"],
        "taints": [{"key": "k", "value": "", "effect": "NoSchedule"}],
        "version": "v1.34.4",
        "capacity": {"cpu": "2", "memory": "4Gi", "pods": "110"},
        "allocatable": {"cpu": "1900m", "memory": "3Gi", "pods": "110"},
    }


def test_only_nodes_that_take_pods_are_allocatable():
    ready = {**facts.node(NODE), "cordoned": False}
    seen = Facts(
        version="v1.34.4", latency_ms=1.0, nodes=(ready, {**ready, "ready": False}, {**ready, "cordoned": True})
    )
    told = seen.to_json({})
    assert told["capacity"] == {"cpu_millicores": 6000, "memory_bytes": 12 * 2**30, "pods": 330}
    assert told["allocatable"] == {"cpu_millicores": 1900, "memory_bytes": 3 * 2**30, "pods": 110}


def test_renderers_get_what_they_read():
    resources = {
        "/v1/Pod": {"plural": "pods", "namespaced": True},
        "apps/v1/Deployment": {"plural": "d", "namespaced": True},
    }
    seen = Facts(
        version="v1.34.4",
        latency_ms=1.0,
        served=Served(resources),
        gateway={"namespace": "infra", "name": "web"},
        storage={"default": "slow"},
    )
    target = ClusterTarget.from_json({"name": "east", **seen.to_json({})["target"]})
    assert target.serves("v1", "Pod")
    assert target.serves("apps/v1", "Deployment")
    assert (target.gateway, target.storage_class("default")) == (GatewayRef("infra", "web"), "slow")
    assert (target.version, target.pod_security) == ("v1.34.4", "v1.34")


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), ("500m", 0.5), ("1Ki", 1024), ("1k", 1000), ("1.5Gi", 1.5 * 2**30), ("12e3", 12000), ("1E", 1e18)],
)
def test_quantities_are_numbers(text, value):
    assert float(quantity(text)) == value


@pytest.mark.parametrize("text", ["", "1 Gi", "Gi", "1XB", "0x10", "1e", "--1"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="quantity"):
        quantity(text)


def test_what_a_node_does_not_name_counts_as_nothing():
    assert totals([{"cpu": "1"}, {}]) == {"cpu_millicores": 1000, "memory_bytes": 0, "pods": 0}
