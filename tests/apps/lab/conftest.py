"""Building blocks on a real cluster: `east` of the lab, prepared by a platform engineer and delivered to by the loop.

The lab is the one that DOUGONG_TEST_LAB names (default `test`). Each test has an application of its own.
"""

import hashlib
import importlib.util
import json
import sys
from pathlib import Path

import pytest
import yaml

from apps import services
from apps.appfile import validate
from apps.models import Environment
from clusters import registry
from clusters.manifests import ObjectId
from deploy.lab import images
from tests.apps.lab.site import ROLE, Site, kubectl

# Conftests of neighbours are no modules that one could import.
_path = Path(__file__).parents[2] / "clusters" / "reconcile" / "conftest.py"
_spec = importlib.util.spec_from_file_location("tests_of_the_loop_for_blocks", _path)
_loop = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_loop)
globals().update({name: getattr(_loop, name) for name in (
    "_database_threads", "admins", "granted", "join", "networks", "registry_host", "until",
)})  # fmt: skip

POOL = "dougong.dev/node-pool"
VOLUMES = 24
VERTICAL = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {
        "name": "verticalpodautoscalers.autoscaling.k8s.io",
        # Without it the API server keeps the group for kinds of Kubernetes itself.
        "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/63797"},
    },
    "spec": {
        "group": "autoscaling.k8s.io", "scope": "Namespaced",
        "names": {
            "kind": "VerticalPodAutoscaler", "listKind": "VerticalPodAutoscalerList",
            "plural": "verticalpodautoscalers", "singular": "verticalpodautoscaler",
        },
        "versions": [
            {
                "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
}  # fmt: skip
"""The kind alone: no recommender runs in this lab, a test plays its part."""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents and "granted" in item.fixturenames:
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(pytest.mark.lab)
            item.add_marker(pytest.mark.enable_socket)


def storage(tier, folder):
    """A storage class of the tier, and volumes of it in folders of this machine, which every node sees."""
    name = f"blocks-{tier}"
    yield {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": name, "labels": {"dougong.dev/tier": tier}},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer",
    }  # fmt: skip
    anywhere = [{"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]}]
    for number in range(VOLUMES):
        path = folder / f"{tier}-{number}"
        path.mkdir()
        yield {
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"{name}-{number}"},
            "spec": {
                "storageClassName": name, "capacity": {"storage": "10Gi"}, "local": {"path": str(path)},
                "accessModes": ["ReadWriteOnce", "ReadWriteMany"], "persistentVolumeReclaimPolicy": "Retain",
                "nodeAffinity": {"required": {"nodeSelectorTerms": anywhere}},
            },
        }  # fmt: skip


@pytest.fixture(scope="session")
def prepared(granted, tmp_path_factory):
    """What the platform engineer has set up: two storage tiers, a priority class, the kind of vertical scalers."""
    folder = tmp_path_factory.mktemp("volumes")
    high = {
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000,
    }  # fmt: skip
    objects = [high, VERTICAL, *storage("shared", folder), *storage("fast", folder)]
    text = yaml.safe_dump_all(objects)
    kubectl("apply", "-f", "-", stdin=text)
    kubectl("wait", "crd", VERTICAL["metadata"]["name"], "--for=condition=Established", "--timeout=30s")
    yield
    kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", stdin=text)


@pytest.fixture
def pool(prepared):
    """The node of the pool `large`, for one test: others count on every node."""
    nodes = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
    node = max(each["metadata"]["name"] for each in nodes if not each["spec"].get("taints"))
    kubectl("label", "--overwrite", "node", node, f"{POOL}=large")
    kubectl("taint", "--overwrite", "node", node, f"{POOL}=large:NoSchedule")
    yield node
    kubectl("taint", "node", node, f"{POOL}-")
    kubectl("label", "node", node, f"{POOL}-")


@pytest.fixture
def east(join, prepared, operator):
    """The cluster as the probe saw it, with what its operator offers."""
    return registry.offer(
        cluster=join("east"),
        actor=operator,
        priority_classes=["high"],
        node_pools=["large"],
        service_account_annotations={ROLE: ["arn:aws:iam::123456789012:role/*"]},
    )


@pytest.fixture(scope="session")
def image(registry_host):
    """Debian with Python, by digest."""
    base = images.base()
    digest = hashlib.sha256((base.folder / "manifest.json").read_bytes()).hexdigest()
    return f"{registry_host}/{base.repository}@sha256:{digest}"


@pytest.fixture
def bring(east, project, owner, image, until, admins):
    """bring(*blocks) deploys them and drives the loop until all is healthy; again, it is the next release.

    With `wait=False` it only deploys, with `of` that image instead. The namespaces go after the test.
    """

    def go(*items, wait=True, of=image):
        document = {
            "name": "hello", "project": project.name, "image": of,
            "environments": {"production": {"clusters": ["east"]}}, "blocks": list(items),
        }  # fmt: skip
        services.deploy(project=project, app_file=validate(document), actor=owner)
        site = Site(Environment.objects.get(), until)
        if wait:
            site.until(site.is_healthy)
        return site

    yield go
    for each in Environment.objects.all():
        for admin in admins.values():
            admin.delete(ObjectId("", "Namespace", "", each.namespace))


@pytest.fixture
def stored(east, project, owner):
    """stored("database", DATABASE_URL="…") stores a secret before the first deploy."""

    def store(name, **values):
        environment = services.create_environment(project=project, application="hello", name="production", actor=owner)
        services.set_secret(environment=environment, name=name, values=values, actor=owner)

    return store
