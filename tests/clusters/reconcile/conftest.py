"""The loop against a real cluster: `east` of the lab, written to as the writer that deploy/member grants.

The lab is the one that DOUGONG_TEST_LAB names (default `test`). Each test has a namespace of its own.
"""

import asyncio
import os
import uuid
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
from django.db import transaction

import paas.celery  # noqa: F401 - the broker of the tests: without it a hint looks for one on the network
from clusters.client import ClusterClient, Endpoint
from clusters.faults import ApiRefused
from clusters.manifests import ObjectId, manifest
from clusters.models import Cluster, ClusterCredential, OwnedObject, Work
from clusters.probe import probe_clusters
from clusters.reconcile.drain import drain_due
from clusters.sessions import Sessions
from clusters.threads import in_thread
from clusters.work import Owner, retire_work, submit_work
from deploy import member
from tests.clusters.administrator import KINDS, NETWORKS, Admin, lab

IMAGE = os.environ.get("DOUGONG_TEST_IMAGE", "base/python:bookworm")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.django_db(transaction=True))
            if "granted" in item.fixturenames:
                item.add_marker(pytest.mark.lab)
                item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(autouse=True)
def _database_threads(database_threads):
    """For every test here."""


@pytest.fixture(scope="session")
def registry_host():
    return dict(line.split("=", 1) for line in lab("env").splitlines())["REGISTRY"]


@pytest.fixture(scope="session")
def admins():
    made = {name: Admin(lab("kubeconfig", name)) for name in ("east", "west")}
    yield made
    for each in made.values():
        each.close()


@pytest.fixture
def admin(admins):
    return admins["east"]


@pytest.fixture(scope="session")
def granted(admins):
    """{cluster: (server, CA, writer's token)} with deploy/member applied and the fence seen to stand."""
    files = sorted(each.name for each in resources.files(member).iterdir() if each.name.endswith(".yaml"))
    text = "\n---\n".join((resources.files(member) / name).read_text() for name in files)
    access = {}
    for name, each in admins.items():
        given = ("--server-side", "--force-conflicts", "--field-manager=dougong-join", "-f", "-")
        lab("kubectl", name, "apply", *given, stdin=text)
        path = "/api/v1/namespaces/dougong-system/serviceaccounts/dougong-writer/token"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        token = each.request("POST", path, asked)["status"]["token"]
        access[name] = (each.server, each.ca, token)
        asyncio.run(_fence_stands(*access[name]))
    return access


async def _fence_stands(server, ca, token):
    """The API server's caches learn of a new policy a moment late; poll what can be observed."""
    client = ClusterClient(Endpoint(server, ca, token, allowed=NETWORKS))
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dougong-fence-probe"}}
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    await client.request("POST", "/api/v1/namespaces", params={"dryRun": "All"}, body=body)
                except ApiRefused as refusal:
                    if refusal.fenced():
                        return
                await asyncio.sleep(0.1)
    finally:
        await client.close()


@pytest.fixture
def networks(settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"cluster_networks": NETWORKS})


@pytest.fixture
def join(db, networks, granted):
    """join("east") → the registered, probed Cluster row; join("east", server, ca) where it answers elsewhere."""

    def make(name="east", server=None, ca=None):
        address, authority, token = granted[name]
        row = Cluster.objects.create(name=name, server=server or address, ca_data=ca or authority)
        ClusterCredential.objects.create(cluster=row, token=token)
        probe_clusters([row.pk])
        row.refresh_from_db()
        return row

    return make


@pytest.fixture
def cluster(join):
    return join("east")


@pytest.fixture
def owner():
    return Owner("test", uuid.uuid4(), "shop/production")


@pytest.fixture
def namespace(admins):
    """A name for a namespace that goes after the test, on every cluster, whoever made it."""
    name = f"loop-{uuid.uuid4().hex[:8]}"
    yield name
    for each in admins.values():
        each.delete(ObjectId("", "Namespace", "", name))


@pytest.fixture
def ground(namespace, owner):
    """The manifests of an environment's ground."""
    return [
        manifest(
            {
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": namespace, "labels": {"dougong.dev/environment": str(owner.id)}},
            }
        ),
        manifest(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": "dougong-writer", "namespace": namespace},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dougong-namespace-writer",
                },
                "subjects": [{"kind": "ServiceAccount", "name": "dougong-writer", "namespace": "dougong-system"}],
            }
        ),
    ]  # fmt: skip


@pytest.fixture
def config(namespace):
    """config("a", key="1") → a ConfigMap manifest."""

    def make(name, *, phase=None, labels=None, **data):
        metadata = {"name": name, "namespace": namespace, **({"labels": labels} if labels else {})}
        return manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}, phase=phase)

    return make


@pytest.fixture
def secret(namespace):
    """secret("keys", password="vault:1") → a Secret manifest that names its values by reference."""

    def make(name, **references):
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}}
        return manifest({**body, "type": "Opaque", "immutable": True}, references=references)

    return make


@pytest.fixture
def deployment(namespace, registry_host):
    """deployment(replicas=1, image=…, config="settings") → a Deployment manifest that becomes available at once."""

    def make(replicas=1, image=None, name="web", config=None, phase=None, command=("sleep", "infinity"), **requests):
        labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "dougong"}
        container = {
            "name": "main", "image": image or f"{registry_host}/{IMAGE}", "command": list(command),
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi", **requests}},
        }  # fmt: skip
        if config:
            container["envFrom"] = [{"configMapRef": {"name": config}}]
        spec = {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
            },
        }
        if replicas is not None:
            spec["replicas"] = replicas
        metadata = {"name": name, "namespace": namespace, "labels": labels}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
        return manifest(body, phase=phase)

    return make


@pytest.fixture
def submit(cluster, owner):
    """submit("application", manifests, …) → the Work, committed."""

    def make(name, manifests, **given):
        given = {"owner": owner, "cluster": cluster, **given}
        with transaction.atomic():
            return submit_work(name=name, manifests=manifests, **given)

    return make


@pytest.fixture
def retire():
    """retire(work, *named ids), committed."""

    def make(work, *named):
        with transaction.atomic():
            retire_work(work=work, protected=named)

    return make


@pytest.fixture
def drain():
    """drain() runs one drain of everything due, on a loop and sessions of its own."""

    def run():
        async def once():
            sessions = Sessions()
            try:
                await drain_due(sessions)
            finally:
                await sessions.close()

        asyncio.run(once())

    return run


@pytest.fixture
def until():
    """until(check) drains, making everything due again, till check() holds; it fails after a minute."""

    async def attempt(check):
        sessions = Sessions()
        try:
            async with asyncio.timeout(60):
                while True:
                    await drain_due(sessions)
                    if await in_thread(check):
                        return
                    await in_thread(_all_due)
                    await asyncio.sleep(0.1)
        finally:
            await sessions.close()

    return lambda check: asyncio.run(attempt(check))


def _all_due():
    Work.objects.update(next_check_at=LONG_AGO, not_before=None)


@pytest.fixture
def make_due():
    """Make everything due, as a sweep does."""
    return _all_due


@pytest.fixture
def sweep(drain):
    """sweep() looks at everything once more; sweep(3) three times."""

    def run(times=1):
        for _ in range(times):
            _all_due()
            drain()

    return run


@pytest.fixture
def oid(namespace):
    """oid("ConfigMap", "a") → its ObjectId in the test's namespace; oid("Namespace") that itself."""

    def make(kind, name=""):
        group = KINDS[kind].api_version.rpartition("/")[0]
        return ObjectId(group, kind, namespace, name) if name else ObjectId(group, kind, "", namespace)

    return make


@pytest.fixture
def live(admin, oid):
    """live("ConfigMap", "a") → the object on east, or None."""
    return lambda kind, name="": admin.get(oid(kind, name))


@pytest.fixture
def row(cluster):
    """row(oid) → the inventory row in force."""
    return lambda oid: OwnedObject.objects.get(cluster=cluster, oid=str(oid), gone_at=None)


@pytest.fixture
def healthy():
    """healthy(work, …): each one's latest generation is."""

    def are(*works):
        found = Work.objects.filter(pk__in=[each.pk for each in works])
        return all(each.health == "Healthy" and each.observed_generation == each.generation for each in found)

    return are


@pytest.fixture
def condition():
    """condition(work, "NotOwned") → that condition, or None."""

    def find(work, name):
        return next((each for each in Work.objects.get(pk=work.pk).conditions if each["type"] == name), None)

    return find


@pytest.fixture
def gone():
    """gone(work): its row is."""
    return lambda work: not Work.objects.filter(pk=work.pk).exists()
