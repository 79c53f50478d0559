"""Groups of people may be let in by the writer, and nobody else: least of all itself."""

import pytest

API = "rbac.authorization.k8s.io"


@pytest.fixture
def binding(ours, name):
    """binding("view", subject…) → path and body of a binding with a claim."""

    def make(role, *subjects):
        body = {
            "apiVersion": f"{API}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name, "annotations": {"dougong.dev/claim": "c", "dougong.dev/epoch": "1"}},
            "roleRef": {"apiGroup": API, "kind": "ClusterRole", "name": role},
            "subjects": list(subjects),
        }
        return f"/apis/{API}/v1/namespaces/{ours}/rolebindings/{name}", body

    return make


def group(name):
    return {"kind": "Group", "apiGroup": API, "name": name}


ITSELF = {"kind": "ServiceAccount", "namespace": "dougong-system", "name": "dougong-writer"}
STRANGERS = [
    ITSELF,
    {"kind": "User", "apiGroup": API, "name": "system:serviceaccount:dougong-system:dougong-writer"},
    {"kind": "User", "apiGroup": API, "name": "jane"},
    group("system:serviceaccounts"),
    group("system:serviceaccounts:dougong-system"),
    group("system:authenticated"),
    group("system:masters"),
]


@pytest.mark.parametrize("role", ["view", "edit"])
def test_lets_a_group_of_people_in(writer, binding, role):
    path, body = binding(role, group("crew-dev"), group("oidc:crew"))
    assert writer.apply(path, body).status == 201
    assert writer.apply(path, body, force=True).status == 200
    assert writer.delete(path).status == 200


@pytest.mark.parametrize("role", ["view", "edit"])
@pytest.mark.parametrize("subject", STRANGERS, ids=lambda each: f"{each['kind']} {each['name']}")
def test_never_lets_itself_in(writer, binding, role, subject):
    path, body = binding(role, group("crew-dev"), subject)
    assert writer.apply(path, body).fenced == "namespace"
    assert writer.get(path).status == 404
    path, body = binding(role, group("crew-dev"))
    assert writer.apply(path, body).status == 201
    assert writer.merge(path, {"subjects": [subject]}).fenced == "namespace"
    assert writer.get(path).body["subjects"] == [group("crew-dev")]


def account(name, namespace):
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def test_binds_the_teams_account_of_the_namespace_and_no_other(writer, binding, ours):
    for other in (account("app", ours), account("dougong-team", "default"), ITSELF, group("crew-dev")):
        path, body = binding("dougong-team-exec", other)
        assert writer.apply(path, body).fenced == "namespace", other
    path, body = binding("dougong-team-exec", account("dougong-team", ours))
    assert writer.apply(path, body).status == 201
    assert writer.merge(path, {"subjects": [account("dougong-team", ours), ITSELF]}).fenced == "namespace"


@pytest.mark.parametrize("role", ["admin", "cluster-admin", "dougong-exec", "system:node"])
def test_hands_out_no_other_role(writer, binding, role):
    path, body = binding(role, group("crew-dev"))
    assert writer.apply(path, body).status in (403, 404)
    assert writer.get(path).status == 404


def test_makes_no_token_of_an_account_of_the_namespace(writer, bound, name):
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": name,
            "annotations": {"dougong.dev/claim": "c", "kubernetes.io/service-account.name": "default"},
        },
    }
    path = f"/api/v1/namespaces/{bound}/secrets/{name}"
    assert writer.apply(path, body).fenced == "namespace"
    assert writer.get(path).status == 404
    assert writer.apply(path, {**body, "type": "Opaque"}).status == 201
