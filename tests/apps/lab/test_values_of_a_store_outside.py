"""A secret whose value a store outside keeps, on a real cluster, from the reference to the process.

There is no External Secrets Operator in the lab, and no store: the kind is installed here with the part of its schema
that is used, and an administrator does by hand what the operator would do, writing status and Secret.
"""

import json

import pytest

from apps import services
from clusters import registry
from tests.apps.lab.site import WEB, kubectl

GROUP = "external-secrets.io"
TEXT = {"type": "string"}
REFERENCE = {"type": "object", "properties": {"kind": TEXT, "name": TEXT}}
SPEC = {
    "refreshInterval": TEXT,
    "secretStoreRef": REFERENCE,
    "target": {
        "type": "object",
        "properties": {
            "name": TEXT,
            "creationPolicy": {**TEXT, "default": "Owner"},
            "deletionPolicy": {**TEXT, "default": "Retain"},
            "template": {
                "type": "object",
                "properties": {"type": TEXT, "engineVersion": {**TEXT, "default": "v2"}},
            },
        },
    },
    "data": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "secretKey": TEXT,
                "remoteRef": {
                    "type": "object",
                    "properties": {"key": TEXT, "property": TEXT, "decodingStrategy": {**TEXT, "default": "None"}},
                },
            },
        },
    },
}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"externalsecrets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "externalsecrets", "singular": "externalsecret", "kind": "ExternalSecret"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": SPEC},
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}
DATABASE = {"secret": {"name": "database"}}


@pytest.fixture(scope="session")
def kind(granted):
    """The cluster serves the kind, and its discovery says so."""
    kubectl("apply", "-f", "-", stdin=json.dumps(DEFINITION))
    while "externalsecrets" not in kubectl("api-resources", f"--api-group={GROUP}", "-o", "name"):
        pass
    yield
    kubectl("delete", "crd", DEFINITION["metadata"]["name"])


@pytest.fixture
def store(kind, east, project, owner, operator):
    """store(DATABASE_URL="teams/crew/db#url") stores a reference to the store that the cluster offers."""
    registry.offer(cluster=east, actor=operator, secret_stores={"vault": ["teams/{team}/*"]})
    environment = services.create_environment(project=project, application="hello", name="production", actor=owner)

    def put(values=None, **remote):
        given = {"values": values} if values else {"store": "vault", "remote": remote}
        return services.set_secret(environment=environment, name="database", actor=owner, **given)

    return put


def answer(site, name, status, reason, message):
    """What the operator says of its last look at the store."""
    ready = {"type": "Ready", "status": status, "reason": reason, "message": message}
    patch = {"status": {"conditions": [{**ready, "lastTransitionTime": "2026-11-28T10:00:00Z"}]}}
    site.kubectl(
        *("patch", "externalsecret", name, "--subresource=status", "--type=merge"), "-p", json.dumps(patch)
    )  # fmt: skip


def write_secret(site, name, **values):
    """The Secret as the operator writes it: owned by the object that asked for it."""
    asked = site.object("externalsecret", name)
    owner = {"apiVersion": asked["apiVersion"], "kind": asked["kind"], "name": name, "uid": asked["metadata"]["uid"]}
    target = asked["spec"]["target"]
    metadata = {"name": target["name"], "namespace": site.namespace, "ownerReferences": [{**owner, "controller": True}]}
    body = {"apiVersion": "v1", "kind": "Secret", "type": target["template"]["type"], "metadata": metadata}
    kubectl("apply", "-f", "-", stdin=json.dumps({**body, "stringData": values}))


def told(site, name="hello-database-v1"):
    row = site.rows().get(f"ExternalSecret/{name}")
    return row and (row.health, row.reason)


@pytest.mark.timeout(240)
def test_the_process_starts_with_the_value_once_it_is_there(store, bring):
    store(DATABASE_URL="teams/crew/db#url")
    site = bring(WEB, DATABASE, wait=False)
    site.until(lambda: told(site) == ("Progressing", "NoController"))
    assert site.objects("deployments") == {}
    answer(site, "hello-database-v1", "False", "SecretSyncedError", "no such key")
    site.until(lambda: told(site) == ("Degraded", "SecretSyncedError"))
    assert site.objects("deployments") == {}
    write_secret(site, "hello-database-v1", DATABASE_URL="postgresql://somewhere")
    answer(site, "hello-database-v1", "True", "SecretSynced", "secret synced")
    site.until(site.is_healthy)
    assert site.sh("echo $DATABASE_URL") == "postgresql://somewhere\n"
    site.object("externalsecret", "hello-database-v1")


@pytest.mark.timeout(240)
def test_what_asked_for_it_stays_while_a_process_has_it_and_goes_then(store, bring, owner):
    store(DATABASE_URL="teams/crew/db#url")
    site = bring(WEB, DATABASE, wait=False)
    site.until(lambda: told(site) == ("Progressing", "NoController"))
    write_secret(site, "hello-database-v1", DATABASE_URL="outside")
    answer(site, "hello-database-v1", "True", "SecretSynced", "secret synced")
    site.until(site.is_healthy)
    store({"DATABASE_URL": "here"})
    services.revoke_secret(environment=site.environment, name="database", version=1, actor=owner)
    site.until(lambda: site.is_healthy() and site.objects("externalsecrets") == {})
    assert site.sh("echo $DATABASE_URL") == "here\n"
    site.until(lambda: "hello-database-v1" not in site.objects("secrets"))
