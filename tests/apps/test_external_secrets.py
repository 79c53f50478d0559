"""Secrets whose values a store outside keeps: what is rendered, and which keys of which store may be named."""

import pytest

from apps.contribution import RenderError
from apps.external import Remote, references_in
from apps.render import render
from apps.spec import SecretVersion

SECRETS = {
    "database": SecretVersion(
        "v2", {"CA": "external:vault/shared/demo", "DATABASE_URL": "external:vault/teams/crew/db#url"}
    ),
    "registry": SecretVersion("v1", {"DOCKERCONFIGJSON": "external:aws/registry"}),
}
DATABASE = {"secret": {"name": "database"}}


@pytest.fixture
def body(rendered, web):
    def make(*items, **changes):
        return rendered(web, *items, **{"secrets": SECRETS, **changes})["ExternalSecret"]

    return make


def test_the_operator_is_asked_for_the_secret_that_the_process_has(body, container, web):
    found = body(DATABASE)
    assert found["metadata"]["name"] == "hello-database-v2"
    assert found["apiVersion"] == "external-secrets.io/v1"
    assert found["spec"] == {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"},
        "target": {"name": "hello-database-v2", "creationPolicy": "Owner", "template": {"type": "Opaque"}},
        "data": [
            {"secretKey": "CA", "remoteRef": {"key": "shared/demo"}},
            {"secretKey": "DATABASE_URL", "remoteRef": {"key": "teams/crew/db", "property": "url"}},
        ],
    }
    assert container(web, DATABASE, secrets=SECRETS)["envFrom"] == [{"secretRef": {"name": "hello-database-v2"}}]


def test_only_the_keys_that_are_named(body):
    [data] = body({"secret": {"name": "database", "keys": ["CA"]}})["spec"]["data"]
    assert data["secretKey"] == "CA"


def test_it_stands_before_the_process(make_app, target, web):
    phases = {each.id.kind: each.phase for each in render(make_app(web, DATABASE, secrets=SECRETS), target).manifests}
    assert phases["ExternalSecret"] < phases["Deployment"]
    assert "Secret" not in phases


def test_credentials_of_a_registry(body):
    spec = body({"pull_secret": {"name": "registry"}})["spec"]
    assert spec["target"]["template"] == {"type": "kubernetes.io/dockerconfigjson"}
    assert spec["data"] == [{"secretKey": ".dockerconfigjson", "remoteRef": {"key": "registry"}}]


def test_what_it_was_made_of_is_read_from_it(body):
    assert references_in([body(DATABASE), {"apiVersion": "v1", "kind": "Secret"}]) == {
        *SECRETS["database"].keys.values()
    }


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("external:other/teams/crew/db", "store_missing", "only aws, vault"),
        ("external:vault/teams/others/db", "store_key", "shared/demo and teams/crew/*"),
        ("external:vault/teams/crew-2/db", "store_key", "not teams/crew-2/db"),
        ("external:vault/shared/demo/more", "store_key", "not shared/demo/more"),
    ],
)
def test_what_the_cluster_does_not_offer_is_refused(body, reference, code, said):
    with pytest.raises(RenderError) as refused:
        body(DATABASE, secrets={"database": SecretVersion("v1", {"URL": reference})})
    assert refused.value.code == code
    assert said in refused.value.message


@pytest.mark.parametrize("said", ["db", "teams/crew/db#url", "arn:aws:secretsmanager:eu-1:1:secret:x#a.b"])
def test_a_reference_is_read_as_it_was_written(said):
    remote = Remote.read("vault", said)
    assert (Remote.parse(remote.reference), str(remote)) == (remote, said)


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("vault", ""),
        ("vault", "#url"),
        ("vault", "teams/crew/../others/db"),
        ("vault", "teams/crew/./db"),
        ("vault", "teams//db"),
        ("vault", "/teams/crew/db"),
        ("vault", "teams/crew/"),
        ("vault", "teams/crew/%2e%2e/db"),
        ("vault", "teams/crew\\..\\db"),
        ("vault", "db#a#b"),
        ("vault", "db\n"),
        ("vault", "x" * 1025),
        ("Vault", "db"),
        ("a/b", "db"),
    ],
)
def test_what_leads_elsewhere_than_it_says_is_refused(store, said):
    with pytest.raises(ValueError):
        Remote.read(store, said)
