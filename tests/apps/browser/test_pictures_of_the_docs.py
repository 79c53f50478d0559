"""The pictures in the docs: what a team and an operator see, as it is now. `make pictures` writes them to docs/images.

Few and small: a screen of 1280 by 800, one in the dark, one on a telephone; never more than 200 KB.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps import services
from apps.appfile import validate
from apps.models import Environment, Release
from clusters.models import Cluster, ClusterCredential, OwnedObject, Work, WorkloadPods
from paas.identity import services as identity

pytestmark = pytest.mark.browser

LARGEST = 200 * 1024
WEB = {"process": {"name": "web", "replicas": 2, "cpu": "50m", "memory": "64Mi", "probe_path": "/healthz"}}
HTTP = {"port": {"process": "web", "port": 8080}}
ENVIRONMENTS = {
    "production": {
        "clusters": ["east", "west"],
        "blocks": [{"route": {"process": "web", "host": "shop.example"}}],
    },
    "staging": {
        "clusters": ["west"],
        "blocks": [{"route": {"process": "web", "host": "staging.shop.example"}}],
    },
}
NODE = {"ready": True, "cordoned": False, "roles": [], "taints": [], "version": "v1.34.4"}
AMOUNTS = {"cpu": "4", "memory": "16Gi", "pods": "110"}
WHOLE = {"cpu_millicores": 12000, "memory_bytes": 48 * 2**30, "pods": 330}


@pytest.fixture
def folder(tmp_path):
    """Where pictures go: a folder of the test's own, unless they are wanted."""
    return Path(os.environ.get("DOUGONG_PICTURES") or tmp_path)


@pytest.fixture
def fleet(east, west, make_cluster):
    """Three clusters, one of which does not answer."""
    made = {"east": east, "west": west, "north": make_cluster("north", labels={"region": "eu"})}
    well = [_said("Reachable", "True", "Answered"), _said("VersionSupported", "True", "Proven", "v1.34.4")]
    now = timezone.now()
    nodes = [{**NODE, "name": f"worker-{each}", "capacity": AMOUNTS, "allocatable": AMOUNTS} for each in (1, 2, 3)]
    facts = {
        "version": "v1.34.4", "latency_ms": 3.2, "nodes": nodes, "capacity": WHOLE, "allocatable": WHOLE,
        "observed_at": now.isoformat(), "certificate_expires_at": (now + timedelta(days=200)).isoformat(),
    }  # fmt: skip
    for name, cluster in made.items():
        silent = [_said("Reachable", "False", "TimedOut", "No answer within 3 s.")]
        conditions = silent if name == "north" else well
        Cluster.objects.filter(name=name).update(facts={**cluster.facts, **facts}, conditions=conditions)
        ClusterCredential.objects.create(cluster=cluster, expires_at=now + timedelta(days=20))
    return made


@pytest.fixture
def shop(project, owner, fleet, observe):
    """An application in two environments, delivered and healthy, with its pods."""
    for digit, greeting, reason in (("a", "Hello", "The first release"), ("b", "Welcome", "Say it warmer")):
        file = {
            "name": "shop", "project": project.name, "image": f"registry.example/shop@sha256:{digit * 64}",
            "environments": ENVIRONMENTS, "blocks": [WEB, HTTP, {"config": {"values": {"GREETING": greeting}}}],
        }  # fmt: skip
        made = services.deploy(project=project, app_file=validate(file), actor=owner, reason=reason).application
    for work in Work.objects.all():
        for each in work.manifests:
            _seen(work, each["body"])
    for environment in Environment.objects.all():
        observe(environment)
    return made


def _said(type_, status, reason, message=""):
    return {
        "type": type_, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip


def _seen(work, body):
    """The row of an object as the loop left it, and of a Deployment the pods."""
    group, metadata = body["apiVersion"].rpartition("/")[0] or "core", body["metadata"]
    oid = f"{group}/{body['kind']}/{metadata.get('namespace', '')}/{metadata['name']}"
    OwnedObject.objects.create(
        work=work, cluster=work.cluster, claim="c", api_version=body["apiVersion"], oid=oid, health="Healthy",
        reason="Available",
    )  # fmt: skip
    if body["kind"] == "Deployment":
        pods = [_pod(body, number) for number in range(body["spec"]["replicas"])]
        WorkloadPods.objects.create(
            cluster=work.cluster, oid=oid, namespace=metadata["namespace"], total=len(pods), pods=pods
        )


def _pod(body, number):
    return {
        "name": f"{body['metadata']['name']}-5dcd6659b8-{'xk4tz'[number:]}7q{number}", "phase": "Running",
        "image": body["spec"]["template"]["spec"]["containers"][0]["image"], "node": f"worker-{number + 1}",
        "health": "Healthy", "reason": "", "message": "", "ready": 1, "containers": 1, "restarts": 0,
        "created_at": timezone.now().isoformat(),
    }  # fmt: skip


def test_what_the_docs_show(sign_in, served, folder, shop, fleet, owner, admin, errors):
    identity.set_operator(user=owner, operator=True, actor=admin)
    page = sign_in(owner)
    console = f"{served}/console"
    own = f"{console}/applications/application"
    old, new = Release.objects.filter(environment__name="production").order_by("number")
    application = f"{own}/{shop.pk}/change/"
    screens = {
        "home": (f"{console}/", "light", 1280),
        "application": (application, "light", 1280),
        "application-dark": (application, "dark", 1280),
        "application-phone": (application, "light", 390),
        "compare": (f"{own}/releases/{old.pk}/{new.pk}/", "light", 1280),
        "fleet": (f"{console}/clusters/cluster/", "light", 1280),
    }
    for name, (address, scheme, width) in screens.items():
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        page.get_by_role("heading").first.wait_for()
        picture = folder / f"{name}.png"
        page.screenshot(path=picture, animations="disabled")
        assert picture.stat().st_size <= LARGEST
    assert errors == []
