"""A process that has no file descriptor left takes that for its own fault, by whichever name the cluster is known."""

import asyncio

import pytest

from clusters.client import ClusterClient, Endpoint
from clusters.faults import NoDescriptors, Unreachable
from tests.certificate import issued
from tests.descriptors import none_left
from tests.fault_proxy import Answer, FaultProxy

LOOPBACK = ("127.0.0.0/8", "::1/128")
VERSION = Answer(200, {"gitVersion": "v1.34.4"})


@pytest.fixture
def server():
    with FaultProxy("https://127.0.0.1:1", "") as proxy:
        proxy.script = lambda _: VERSION
        yield proxy


@pytest.mark.enable_socket
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "no-such-name.invalid"])
@pytest.mark.parametrize("marks", ["token", "certificate"])
def test_nobody_is_blamed(host, marks, server):
    certificate, key = (text.decode() for text in issued())
    given = {"token": {"token": "t"}, "certificate": {"client_certificate": certificate, "client_key": key}}[marks]
    client = ClusterClient(Endpoint(server.server.replace("127.0.0.1", host), server.ca, allowed=LOOPBACK, **given))

    async def ask():
        try:
            with none_left():
                for _ in range(2):
                    with pytest.raises(NoDescriptors):
                        await client.request("GET", "/version")
            if host == "127.0.0.1":
                return await client.request("GET", "/version")
            with pytest.raises(Unreachable) as told:
                await client.request("GET", "/version")
            return type(told.value)
        finally:
            await client.close()

    assert asyncio.run(ask()) == (VERSION.body if host == "127.0.0.1" else Unreachable)
