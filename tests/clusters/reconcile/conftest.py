"""The loop against a real cluster: `east` of the lab, written to as the writer that deploy/member grants.

The lab is the one that DOUGONG_TEST_LAB names (default `test`). Each test has a namespace of its own.
"""

import asyncio
import base64
import json
import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest
import yaml

import paas.celery  # the broker of the tests: without it a hint looks for one on the network
from clusters import threads
from clusters.client import ClusterClient, Endpoint
from clusters.manifests import ObjectId, manifest
from clusters.models import Cluster, ClusterCredential, OwnedObject, Work
from clusters.probe import probe_clusters
from clusters.reconcile.drain import drain_due
from clusters.sessions import Sessions, endpoint_for
from clusters.work import Owner

ROOT = Path(__file__).resolve().parents[3]
LAB = os.environ.get("DOUGONG_TEST_LAB", "test")
IMAGE = os.environ.get("DOUGONG_TEST_IMAGE", "base/python:bookworm")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)
            item.add_marker(pytest.mark.enable_socket)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(autouse=True)
def database_threads(monkeypatch):
    """The threads that hold connections end with the test, before its database is flushed."""
    pool = ThreadPoolExecutor(4)
    monkeypatch.setattr(threads, "_threads", pool)
    yield
    pool.shutdown()


def lab(*arguments, stdin=None):
    argv = [sys.executable, "-m", "deploy.lab", "--lab", LAB, *arguments]
    done = subprocess.run(argv, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def registry_host():
    return dict(line.split("=", 1) for line in lab("env").splitlines())["REGISTRY"]


@pytest.fixture(scope="session")
def kubectl():
    """kubectl("get", "ns", cluster="east", stdin=…) as the administrator → what it printed."""

    def run(*arguments, cluster="east", stdin=None):
        return lab("kubectl", cluster, *arguments, stdin=stdin)

    return run


@pytest.fixture(scope="session")
def granted(kubectl):
    """{cluster: (server, CA, writer's token)} with deploy/member applied and the fence seen to stand."""
    files = sorted(each.name for each in resources.files("deploy.member").iterdir() if each.name.endswith(".yaml"))
    text = "\n---\n".join((resources.files("deploy.member") / name).read_text() for name in files)
    access = {}
    for cluster in ("east", "west"):
        kubectl(
            "apply", "--server-side", "--force-conflicts", "--field-manager=dougong-join", "-f", "-",
            cluster=cluster, stdin=text,
        )  # fmt: skip
        admin = yaml.safe_load(lab("kubeconfig", cluster))["clusters"][0]["cluster"]
        token = kubectl("create", "token", "dougong-writer", "-n", "dougong-system", "--duration=1h", cluster=cluster)
        ca = base64.b64decode(admin["certificate-authority-data"]).decode()
        access[cluster] = (admin["server"], ca, token.strip())
        asyncio.run(_fence_stands(*access[cluster]))
    return access


async def _fence_stands(server, ca, token):
    """The API server's caches learn of a new policy a moment late; poll what can be observed."""
    from clusters.faults import ApiRefused

    client = ClusterClient(Endpoint(server, ca, token, allowed=("198.18.0.0/15",)))
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
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"cluster_networks": ("198.18.0.0/15", "127.0.0.0/8")})


@pytest.fixture
def join(db, networks, granted):
    """join("east") → the registered, probed Cluster row."""

    def make(name="east", server=None):
        address, ca, token = granted[name]
        row = Cluster.objects.create(name=name, server=server or address, ca_data=ca)
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
    return Owner("environment", uuid.uuid4(), "shop/production")


@pytest.fixture
def namespace(kubectl):
    """A name for a namespace that goes after the test, whoever made it."""
    name = f"loop-{uuid.uuid4().hex[:8]}"
    yield name
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


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

    def make(name, **data):
        return manifest(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}
        )

    return make


@pytest.fixture
def deployment(namespace, registry_host):
    """deployment(replicas=1, image=…, env={}) → a Deployment manifest that becomes available at once."""

    def make(replicas=1, image=None, name="web", config=None):
        labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "dougong"}
        container = {
            "name": "main", "image": image or f"{registry_host}/{IMAGE}",
            "command": ["sleep", "infinity"], "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
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
        return manifest(
            {
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": name, "namespace": namespace, "labels": labels}, "spec": spec,
            }
        )  # fmt: skip

    return make


@pytest.fixture
def submit(cluster, owner, django_capture_on_commit_callbacks):
    """submit("application", manifests, …) → the Work, committed."""
    from django.db import transaction

    from clusters.work import submit_work

    def make(name, manifests, **given):
        with transaction.atomic():
            return submit_work(owner=owner, name=name, cluster=given.pop("on", cluster), manifests=manifests, **given)

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
def until(drain):
    """until(check) drains, making everything due again, till check() holds; it fails after a minute."""

    async def attempt(check):
        sessions = Sessions()
        try:
            async with asyncio.timeout(60):
                while True:
                    await drain_due(sessions)
                    if await asyncio.to_thread(check):
                        return
                    await asyncio.to_thread(lambda: Work.objects.update(next_check_at=_long_ago(), not_before=None))
                    await asyncio.sleep(0.1)
        finally:
            await sessions.close()

    return lambda check: asyncio.run(attempt(check))


def _long_ago():
    from datetime import UTC, datetime

    return datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def make_due():
    """Make everything due, as a sweep does."""
    return lambda: Work.objects.update(next_check_at=_long_ago(), not_before=None)


@pytest.fixture
def live(kubectl, namespace):
    """live("configmap", "a") → the object, or None."""

    def get(kind, name, cluster="east"):
        printed = kubectl("get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found", cluster=cluster)
        return json.loads(printed) if printed.strip() else None

    return get


@pytest.fixture
def row(cluster):
    """row("core/ConfigMap/ns/a") → the inventory row in force."""
    return lambda oid: OwnedObject.objects.get(cluster=cluster, oid=str(oid), gone_at=None)


@pytest.fixture
def writer(cluster):
    """call(lambda client: …) speaks to the cluster as the writer."""

    def call(question):
        async def once():
            client = ClusterClient(endpoint_for(cluster))
            try:
                return await question(client)
            finally:
                await client.close()

        return asyncio.run(once())

    return call


@pytest.fixture
def oid(namespace):
    """oid("ConfigMap", "a") → its ObjectId."""
    groups = {"Deployment": "apps", "ConfigMap": "", "Secret": "", "Service": ""}
    return lambda kind, name: ObjectId(groups[kind], kind, namespace, name)
