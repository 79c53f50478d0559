"""A custom kind is installed late, removed, or has no server: the rest is delivered, nothing is taken for gone."""

import pytest

from clusters.faults import ApiRefused
from clusters.manifests import ObjectId, manifest
from clusters.models import OwnedObject, Work
from clusters.probe import discovery, probe_clusters
from paas.core.conditions import get_condition

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
RBAC = "rbac.authorization.k8s.io"


class Kind:
    """A custom kind Beam in a group of the test's own, as an administrator installs and breaks it."""

    def __init__(self, admin, namespace):
        self.admin, self.namespace, self.group = admin, namespace, f"{namespace}.test.dougong.dev"
        self.name = f"beams.{self.group}"
        self.service = f"v1.{self.group}"
        self.path = f"/apis/{self.group}/v1/namespaces/{namespace}/beams"

    def manifest(self, **given):
        metadata = {"name": "a", "namespace": self.namespace}
        body = {"apiVersion": f"{self.group}/v1", "kind": "Beam", "metadata": metadata, "spec": {"length": 3}}
        return manifest(body, **given)

    def install(self):
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        names = {"plural": "beams", "singular": "beam", "kind": "Beam"}
        body = {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": self.name},
            "spec": {"group": self.group, "scope": "Namespaced", "names": names, "versions": [version]},
        }  # fmt: skip
        self.admin.request("POST", DEFINITIONS, body)
        self._until_told(served=True)

    def remove(self):
        self.admin.request("DELETE", f"{DEFINITIONS}/{self.name}")
        self._until_told(served=False)

    def let_write(self):
        """Give the writer the kind in the namespace, as an operator's role would, and wait till that is known."""
        path, metadata = f"/apis/{RBAC}/v1/namespaces/{self.namespace}", {"name": "beams"}
        rules = [{"apiGroups": [self.group], "resources": ["beams"], "verbs": ["*"]}]
        subject = {"kind": "ServiceAccount", "name": "dougong-writer", "namespace": "dougong-system"}
        binding = {"subjects": [subject], "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "beams"}}
        for kind, said in (("Role", {"rules": rules}), ("RoleBinding", binding)):
            body = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, **said}
            self.admin.request("POST", f"{path}/{kind.lower()}s", body)
        attributes = {"group": self.group, "resource": "beams", "verb": "create", "namespace": self.namespace}
        user = "system:serviceaccount:dougong-system:dougong-writer"
        asked = {"user": user, "resourceAttributes": attributes}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": asked}

        async def allowed(client):
            path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
            return (await client.request("POST", path, body=review))["status"]["allowed"]

        self.admin.until(allowed)

    def unplug(self):
        """Its group is given to a server that is not there."""
        patch = {
            "metadata": {"labels": {"kube-aggregator.kubernetes.io/automanaged": None}},
            "spec": {
                "service": {"namespace": self.namespace, "name": "nobody", "port": 443}, "insecureSkipTLSVerify": True,
            },
        }  # fmt: skip
        self.admin.request("PATCH", f"{SERVICES}/{self.service}", patch, content_type="application/merge-patch+json")
        self._until_told(served=False)

    def plug(self):
        """The API server serves the definition itself again, as it does where nobody else is registered."""
        self.admin.request("DELETE", f"{SERVICES}/{self.service}")
        self._until_told(served=True)

    def live(self):
        return self.admin.request("GET", self.path)["items"]

    def _until_told(self, *, served):
        """Discovery follows a moment later."""

        async def told(client):
            document = await client.request("GET", "/apis", accept=f"{discovery.ACCEPT},application/json")
            found = discovery.served([document])
            known = f"{self.group}/v1/Beam" in found.resources
            return known is served and (not served or f"{self.group}/v1" not in found.stale)

        self.admin.until(told, 60)


@pytest.fixture
def beam(admin, namespace):
    kind = Kind(admin, namespace)
    yield kind
    for path in (f"{DEFINITIONS}/{kind.name}", f"{SERVICES}/{kind.service}"):
        try:
            admin.request("DELETE", path)
        except ApiRefused as refusal:
            if refusal.status != 404:
                raise


@pytest.fixture
def look(cluster):
    """look() → the conditions of the cluster, after a probe."""

    def probe():
        probe_clusters([cluster.pk])
        cluster.refresh_from_db()
        return cluster.conditions

    return probe


def test_a_kind_is_installed_removed_and_installed_again(
    submit, drain, sweep, healthy, ground, config, live, condition, beam, look
):
    work = submit("application", [*ground, beam.manifest(phase=2), config("a", phase=3, key="1")])
    drain()
    assert "serves no" in condition(work, "KindNotServed")["message"]
    assert live("ConfigMap", "a") is not None
    assert Work.objects.get(pk=work.pk).not_before is not None
    # Nothing but the next probe tells the loop that it may go on.
    beam.install()
    beam.let_write()
    look()
    drain()
    assert healthy(work)
    assert condition(work, "KindNotServed") is None
    assert [each["spec"] for each in beam.live()] == [{"length": 3}]
    # It is removed while we still think that it is served, and is told so with the next probe.
    kept = live("ConfigMap", "a")
    beam.remove()
    sweep()
    assert condition(work, "ApplyFailed")["reason"] == "NotFound"
    assert condition(work, "AttemptFailed") is None
    look()
    sweep()
    assert condition(work, "KindNotServed") is not None
    assert live("ConfigMap", "a") == kept
    beam.install()
    look()
    drain()
    assert healthy(work)
    assert [each["spec"] for each in beam.live()] == [{"length": 3}]


def test_a_group_without_a_server_keeps_nobody_else_and_loses_nothing(
    submit, drain, sweep, until, healthy, cluster, ground, config, live, condition, beam, look
):
    beam.install()
    look()
    work = submit("application", [*ground, beam.manifest(), config("a", key="1")])
    drain()
    beam.let_write()
    until(lambda: healthy(work))
    uid = beam.live()[0]["metadata"]["uid"]
    beam.unplug()
    told = get_condition(look(), "KindsUnknown")
    assert (told["status"], beam.group in told["message"]) == ("True", True)
    assert f"{beam.group}/v1/Beam" in cluster.resources
    # Another Work is delivered, and this one, which drops the object, is not told that it is gone.
    other = submit("other", [config("b", key="1")])
    submit("application", [*ground, config("a", key="1")])
    drain()
    sweep(2)
    assert healthy(other)
    assert live("ConfigMap", "b") is not None
    row = OwnedObject.objects.get(work=work, oid=str(ObjectId(beam.group, "Beam", beam.namespace, "a")))
    assert (row.uid, row.gone_at) == (uid, None)
    assert condition(work, "ReadFailed")["reason"] == "ServerError"
    assert condition(work, "AttemptFailed") is None
    beam.plug()
    assert get_condition(look(), "KindsUnknown")["status"] == "False"
    assert beam.live()[0]["metadata"]["uid"] == uid
    until(lambda: not beam.live() and healthy(work))


def test_a_server_that_names_no_kind_unserves_none():
    before = {"/v1/ConfigMap": {"plural": "configmaps", "namespaced": True}}
    assert discovery.Served().or_before(before) == before
