import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from apps.ground import Owners, ground, namespace_name
from apps.tenants import PLATFORM, Policy

NAME = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
OWNERS = Owners("crew", "demo", "hello", "production", "0190a1b2-0000-7000-8000-000000000001")
INSIDE = {"podSelector": {}}
GATEWAY = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dougong-gateway"}}}


def test_the_ground_of_an_environment(target):
    ours = {"app.kubernetes.io/managed-by": "dougong"}
    assert [each.body for each in ground("demo-hello", OWNERS, target)] == [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": "demo-hello",
                "labels": {
                    **ours,
                    "dougong.dev/environment": "0190a1b2-0000-7000-8000-000000000001",
                    "dougong.dev/team": "crew",
                    "dougong.dev/project": "demo",
                    "dougong.dev/application": "hello",
                    "pod-security.kubernetes.io/enforce": "restricted",
                    "pod-security.kubernetes.io/enforce-version": "v1.34",
                    "pod-security.kubernetes.io/audit": "restricted",
                    "pod-security.kubernetes.io/audit-version": "v1.34",
                    "pod-security.kubernetes.io/warn": "restricted",
                    "pod-security.kubernetes.io/warn-version": "v1.34",
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "app", "namespace": "demo-hello", "labels": ours},
            "automountServiceAccountToken": False,
        },
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "dougong-team", "namespace": "demo-hello", "labels": ours},
            "automountServiceAccountToken": False,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "dougong-team-exec", "namespace": "demo-hello", "labels": ours},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dougong-team-exec"},
            "subjects": [{"kind": "ServiceAccount", "namespace": "demo-hello", "name": "dougong-team"}],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "dougong-writer", "namespace": "demo-hello", "labels": ours},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "dougong-namespace-writer",
            },
            "subjects": [{"kind": "ServiceAccount", "namespace": "dougong-system", "name": "dougong-writer"}],
        },
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "dougong-quota", "namespace": "demo-hello", "labels": ours},
            "spec": {
                "hard": {
                    "requests.cpu": "32",
                    "requests.memory": "128Gi",
                    "pods": "250",
                    "requests.storage": "1Ti",
                    "persistentvolumeclaims": "100",
                }
            },
        },
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "dougong-defaults", "namespace": "demo-hello", "labels": ours},
            "spec": {
                "limits": [
                    {
                        "type": "Container",
                        "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
                        "default": {"memory": "256Mi"},
                    }
                ]
            },
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "dougong-isolation", "namespace": "demo-hello", "labels": ours},
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [INSIDE, GATEWAY]}],
                "egress": [
                    {
                        "to": [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "169.254.20.10/32"}}],
                        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
                    },
                    {"to": [INSIDE, GATEWAY]},
                ],
            },
        },
    ]


def of_kind(kind, target, policy):
    return [each.body["spec"] for each in ground("demo-hello", OWNERS, target, policy) if each.id.kind == kind]


def test_what_is_not_limited_is_in_no_quota(target):
    policy = Policy("2", None, 0, None, None)
    assert of_kind("ResourceQuota", target, policy) == [{"hard": {"requests.cpu": "2", "pods": "0"}}]
    assert of_kind("ResourceQuota", target, Policy(None, None, None, None, None)) == []


def test_open_egress_is_left_to_the_blocks(target):
    [spec] = of_kind("NetworkPolicy", target, replace(PLATFORM, open_egress=True))
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [INSIDE, GATEWAY]}]}


def test_groups_of_the_directory_are_bound_by_role(target):
    policy = replace(PLATFORM, groups=(("auditors", "view"), ("oidc:crew", "edit"), ("oidc:shop", "view")))
    bindings = [each.body for each in ground("demo-hello", OWNERS, target, policy) if each.id.kind == "RoleBinding"]
    made = [each for each in bindings if each["roleRef"]["name"] in ("view", "edit")]
    found = {each["roleRef"]["name"]: [subject["name"] for subject in each["subjects"]] for each in made}
    assert found == {"view": ["auditors", "oidc:shop"], "edit": ["oidc:crew"]}
    kinds = {(subject["kind"], subject["apiGroup"]) for each in made for subject in each["subjects"]}
    assert kinds == {("Group", "rbac.authorization.k8s.io")}


def test_registries_stand_on_the_namespace_where_no_team_can_change_them(target):
    policy = replace(PLATFORM, registries=("ghcr.io/crew", "registry.example"))
    [namespace] = [each.body for each in ground("demo-hello", OWNERS, target, policy) if each.id.kind == "Namespace"]
    assert namespace["metadata"]["annotations"] == {"dougong.dev/registries": "ghcr.io/crew,registry.example"}


def test_without_a_gateway_only_the_namespace_itself_may_come(target):
    [spec] = of_kind("NetworkPolicy", replace(target, gateway=None), PLATFORM)
    assert spec["ingress"] == [{"from": [INSIDE]}]
    assert spec["egress"][-1] == {"to": [INSIDE]}


def test_a_namespace_is_named_after_what_it_holds():
    assert re.fullmatch("demo-hello-production-[0-9a-f]{8}", namespace_name("demo", "hello", "production", "id"))


@given(NAME, NAME, NAME, st.uuids(), st.uuids())
def test_namespace_names_are_valid_and_apart(project, application, environment, one, other):
    first, second = (namespace_name(project, application, environment, str(each)) for each in (one, other))
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", first)
    assert (first == second) == (one == other)
    assert first == namespace_name(project, application, environment, str(one))
