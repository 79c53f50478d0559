import re

from hypothesis import given
from hypothesis import strategies as st

from apps.ground import Owners, ground, namespace_name

NAME = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
OWNERS = Owners("crew", "demo", "hello", "production", "0190a1b2-0000-7000-8000-000000000001")


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
    ]


def test_a_namespace_is_named_after_what_it_holds():
    assert re.fullmatch("demo-hello-production-[0-9a-f]{8}", namespace_name("demo", "hello", "production", "id"))


@given(NAME, NAME, NAME, st.uuids(), st.uuids())
def test_namespace_names_are_valid_and_apart(project, application, environment, one, other):
    first, second = (namespace_name(project, application, environment, str(each)) for each in (one, other))
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", first)
    assert (first == second) == (one == other)
    assert first == namespace_name(project, application, environment, str(one))
