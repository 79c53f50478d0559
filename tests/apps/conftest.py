"""An application and a cluster as values, for all tests of the pure heart of `apps`."""

from __future__ import annotations

import pytest

from apps.blocks import blocks
from apps.render import render
from apps.spec import AppSpec, BlockUse, SecretVersion
from clusters.target import ClusterTarget, GatewayRef

IMAGE = f"registry.example/hello@sha256:{'a' * 64}"
HTTP_ROUTE = "gateway.networking.k8s.io/v1/HTTPRoute"
WEB = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi"}}
HTTP = {"port": {"process": "web", "port": 8080}}


@pytest.fixture
def make_app():
    """App specs of blocks given as in an app file."""

    def make(*items, **changes):
        uses = [BlockUse(name, params) for item in items for name, params in item.items()]
        facts = {
            "team": "crew",
            "project": "demo",
            "application": "hello",
            "environment": "production",
            "namespace": "demo-hello-production-1a2b3c4d",
            "image": IMAGE,
            "release": "release-1",
            "blocks": tuple(uses),
            "secrets": {"database": SecretVersion("v7f3", {"DATABASE_URL": "secret/1", "DATABASE_CA": "secret/2"})},
        }
        return AppSpec(**{**facts, **changes})

    return make


@pytest.fixture
def target():
    return ClusterTarget(
        name="east",
        version="v1.34.4",
        served=frozenset({HTTP_ROUTE}),
        gateway=GatewayRef("dougong-gateway", "public"),
        pod_security="v1.34",
    )


@pytest.fixture
def rendered(make_app, target):
    """Bodies by kind of blocks that make at most one object of each."""

    def bodies(*items, on=target, **changes):
        found = {}
        for each in render(make_app(*items, **changes), on).manifests:
            assert each.id.kind not in found
            found[each.id.kind] = each.body
        return found

    return bodies


@pytest.fixture
def container(rendered):
    """The container of the one process that blocks declare."""

    def find(*items, **changes):
        [found] = rendered(*items, **changes)["Deployment"]["spec"]["template"]["spec"]["containers"]
        return found

    return find


@pytest.fixture
def web():
    """A process called web, as in an app file."""
    return WEB


@pytest.fixture
def http():
    """A port of the process web, as in an app file."""
    return HTTP


@pytest.fixture
def contribute(make_app, target):
    """What a block gives, alone."""

    def give(name, params, **changes):
        block = blocks()[name]
        return block.render(make_app(**changes), target, block.load(params))

    return give
