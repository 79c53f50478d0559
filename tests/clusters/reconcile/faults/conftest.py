"""A loop that reaches `east` through a proxy that breaks things, where a test asks for `proxied`."""

import pytest

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
