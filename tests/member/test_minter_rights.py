"""The minter makes tokens for the writer and can do nothing else."""

import dataclasses

import pytest

TOKENS = "/api/v1/namespaces/{}/serviceaccounts/{}/token"


def request(seconds=600):
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}


def test_mints_a_token_that_is_the_writer(minter, config_map, name):
    answer = minter.create(TOKENS.format("dougong-system", "dougong-writer"), request())
    assert answer.status == 201
    recovered = dataclasses.replace(minter, token=answer.body["status"]["token"])
    assert recovered.get("/api/v1/pods").status == 200
    foreign = f"/api/v1/namespaces/default/configmaps/{name}"
    assert recovered.apply(foreign, config_map(name, claim="c")).fenced == "namespace"


@pytest.mark.parametrize(
    ("namespace", "account"),
    [
        ("dougong-system", "dougong-minter"),
        ("dougong-system", "default"),
        ("kube-system", "namespace-controller"),
        ("kube-system", "default"),
    ],
)
def test_mints_for_nobody_else(minter, namespace, account):
    assert minter.create(TOKENS.format(namespace, account), request()).refused_by_rbac


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces",
        "/api/v1/pods",
        "/api/v1/nodes",
        "/api/v1/secrets",
        "/api/v1/namespaces/dougong-system/secrets/dougong-minter",
        "/api/v1/namespaces/dougong-system/serviceaccounts",
        "/api/v1/namespaces/dougong-system/serviceaccounts/dougong-writer",
    ],
)
def test_reads_nothing(minter, path):
    assert minter.get(path).refused_by_rbac


def test_writes_nothing(minter, ours, config_map, name):
    assert minter.apply(f"/api/v1/namespaces/{ours}/configmaps/{name}", config_map(name, claim="c")).refused_by_rbac
    assert minter.delete("/api/v1/namespaces/dougong-system/secrets/dougong-minter").refused_by_rbac


def test_impersonates_nobody(minter):
    answer = minter.get("/api/v1/pods", **{"Impersonate-User": "x", "Impersonate-Group": "system:masters"})
    assert answer.refused_by_rbac
