"""What an environment stands on: the namespace with what bounds it, and who is at home there."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ground import Owners, ground, namespace_name
from apps.tenants import PLATFORM, Policy

NAME = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
OWNERS = Owners("crew", "demo", "hello", "production", "0190a1b2-0000-7000-8000-000000000001")
INSIDE = {"podSelector": {}}
GATEWAY = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dougong-gateway"}}}


RBAC = "rbac.authorization.k8s.io"


def made(target, policy=PLATFORM):
    """Its objects by id, without group: {"Namespace//demo-hello": …}."""
    found = ground("demo-hello", OWNERS, target, policy)
    return {f"{each.id.kind}/{each.id.namespace}/{each.id.name}": each.body for each in found}


def of_kind(kind, target, policy):
    return [each.body["spec"] for each in ground("demo-hello", OWNERS, target, policy) if each.id.kind == kind]


def test_it_is_these_objects_in_the_order_they_are_applied_in(target):
    assert list(made(target)) == [
        "Namespace//demo-hello",
        "ServiceAccount/demo-hello/app",
        "ServiceAccount/demo-hello/dougong-team",
        "RoleBinding/demo-hello/dougong-team-exec",
        "RoleBinding/demo-hello/dougong-team-logs",
        "RoleBinding/demo-hello/dougong-writer",
        "ResourceQuota/demo-hello/dougong-quota",
        "LimitRange/demo-hello/dougong-defaults",
        "NetworkPolicy/demo-hello/dougong-isolation",
    ]


def test_each_object_says_that_it_is_ours_and_nothing_more(target):
    namespace, *rest = made(target).values()
    assert namespace["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "dougong"
    assert namespace["metadata"].keys() == {"name", "labels"}
    for each in rest:
        assert each["metadata"].keys() == {"name", "namespace", "labels"}
        assert each["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "dougong"}
    versions = {each["kind"]: each["apiVersion"] for each in (namespace, *rest)}
    assert versions == {
        "Namespace": "v1", "ServiceAccount": "v1", "ResourceQuota": "v1", "LimitRange": "v1",
        "RoleBinding": f"{RBAC}/v1", "NetworkPolicy": "networking.k8s.io/v1",
    }  # fmt: skip


def test_the_namespace_says_whose_it_is_and_what_pods_may(target):
    namespace = made(target)["Namespace//demo-hello"]
    assert namespace.keys() == {"apiVersion", "kind", "metadata"}
    assert namespace["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "dougong",
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
    }


@pytest.mark.parametrize("name", ["app", "dougong-team"])
def test_no_account_carries_its_token_into_a_pod(target, name):
    account = made(target)[f"ServiceAccount/demo-hello/{name}"]
    assert account.keys() == {"apiVersion", "kind", "metadata", "automountServiceAccountToken"}
    assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("name", "role", "account", "home"),
    [
        ("dougong-team-exec", "dougong-team-exec", "dougong-team", "demo-hello"),
        ("dougong-team-logs", "dougong-team-logs", "dougong-team", "demo-hello"),
        ("dougong-writer", "dougong-namespace-writer", "dougong-writer", "dougong-system"),
    ],
)
def test_the_team_and_the_writer_are_at_home_in_it(target, name, role, account, home):
    binding = made(target)[f"RoleBinding/demo-hello/{name}"]
    assert binding.keys() == {"apiVersion", "kind", "metadata", "roleRef", "subjects"}
    assert binding["roleRef"] == {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "namespace": home, "name": account}]


def test_it_takes_no_more_than_its_share(target):
    assert of_kind("ResourceQuota", target, PLATFORM) == [
        {
            "hard": {
                "requests.cpu": "32",
                "requests.memory": "128Gi",
                "pods": "250",
                "requests.storage": "1Ti",
                "persistentvolumeclaims": "100",
            }
        }
    ]


def test_a_container_that_says_nothing_gets_a_little(target):
    requested, most = {"cpu": "50m", "memory": "64Mi"}, {"memory": "256Mi"}
    assert of_kind("LimitRange", target, PLATFORM) == [
        {"limits": [{"type": "Container", "defaultRequest": requested, "default": most}]}
    ]


def test_pods_talk_to_each_other_to_the_gateway_and_to_dns(target):
    dns = [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "169.254.20.10/32"}}]
    assert of_kind("NetworkPolicy", target, PLATFORM) == [
        {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [INSIDE, GATEWAY]}],
            "egress": [
                {"to": dns, "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
                {"to": [INSIDE, GATEWAY]},
            ],
        }
    ]


def test_what_is_not_limited_is_in_no_quota(target):
    policy = Policy("2", None, 0, None, None)
    assert of_kind("ResourceQuota", target, policy) == [{"hard": {"requests.cpu": "2", "pods": "0"}}]
    assert of_kind("ResourceQuota", target, Policy(None, None, None, None, None)) == []


def test_open_egress_is_left_to_the_blocks(target):
    [spec] = of_kind("NetworkPolicy", target, replace(PLATFORM, open_egress=True))
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [INSIDE, GATEWAY]}]}


def test_groups_of_the_directory_are_bound_by_role(target):
    policy = replace(PLATFORM, groups=(("auditors", "view"), ("oidc:crew", "edit"), ("oidc:shop", "view")))
    bound = [each for each in made(target, policy).values() if each.get("roleRef", {}).get("name") in ("view", "edit")]
    found = {each["roleRef"]["name"]: [subject["name"] for subject in each["subjects"]] for each in bound}
    assert found == {"view": ["auditors", "oidc:shop"], "edit": ["oidc:crew"]}
    kinds = {(subject["kind"], subject["apiGroup"]) for each in bound for subject in each["subjects"]}
    assert kinds == {("Group", RBAC)}


def test_registries_stand_on_the_namespace_where_no_team_can_change_them(target):
    policy = replace(PLATFORM, registries=("ghcr.io/crew", "registry.example"))
    namespace = made(target, policy)["Namespace//demo-hello"]
    assert namespace["metadata"]["annotations"] == {"dougong.dev/registries": "ghcr.io/crew,registry.example"}


def test_the_team_s_credentials_are_one_secret_that_its_account_pulls_with(target):
    found = {str(each.id): each for each in ground("n", OWNERS, target, replace(PLATFORM, pulls="pull:1,2"))}
    secret = found["core/Secret/n/dougong-pull"]
    assert (secret.body["type"], secret.references) == (
        "kubernetes.io/dockerconfigjson", {".dockerconfigjson": "pull:1,2"},
    )  # fmt: skip
    assert "immutable" not in secret.body
    assert found["core/ServiceAccount/n/app"].body["imagePullSecrets"] == [{"name": "dougong-pull"}]
    assert "imagePullSecrets" not in found["core/ServiceAccount/n/dougong-team"].body


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
