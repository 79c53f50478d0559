"""A loop that reaches `east` through a proxy that breaks things, where a test asks for `proxied`."""

import pytest

from clusters import connection
from clusters.reconcile import wire
from tests.clusters.administrator import NETWORKS
from tests.clusters.reconcile.faults.killing import Workers
from tests.fault_proxy import FaultProxy


@pytest.fixture
def proxied(join, granted):
    """(the proxy, the cluster that is registered at its address)."""
    server, ca, _ = granted["east"]
    with FaultProxy(server, ca) as proxy:
        yield proxy, join("east", proxy.server, proxy.ca)


@pytest.fixture
def cluster(request, join):
    """What every other fixture delivers to."""
    if "proxied" in request.fixturenames:
        return request.getfixturevalue("proxied")[1]
    return join("east")


@pytest.fixture
def hurried(monkeypatch):
    """The limits of a test, in the place of 3 and 10 seconds; a busy machine keeps them too."""
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(wire, "REQUEST_SECONDS", 2.0)


@pytest.fixture
def theirs(admin, namespace, oid):
    """theirs() puts a stranger's object among ours; theirs.untouched() is whether it is as it was."""

    def make():
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": namespace}}
        make.made = admin.create(body)

    make.untouched = lambda: admin.get(oid("ConfigMap", "theirs")) == make.made
    return make


@pytest.fixture(scope="session")
def workers(django_db_setup):
    """Workers of the loop, each a process of its own that can be killed: workers.fork()."""
    with Workers(NETWORKS) as made:
        yield made
