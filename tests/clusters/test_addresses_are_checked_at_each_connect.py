"""A cluster registered by name: where the name leads is looked at when it is connected to, whatever it led to before.

The name is resolved as everywhere, by `getaddrinfo`, which the test answers; who is connected to are listeners of this
machine that count.
"""

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from clusters.connection import Connection, Endpoint
from clusters.faults import AddressNotAllowed, Unreachable
from tests.certificate import serving

pytestmark = pytest.mark.enable_socket

# Two of this machine: the operator has allowed the first alone.
ALLOWED, FORBIDDEN = "127.0.0.2", "127.0.0.1"
NAME = "api.example"


class Names:
    """What stands in for DNS; `asked` are the names."""

    def __init__(self):
        self.addresses = []
        self.asked = []

    def __call__(self, host, port, *rest, **named):
        self.asked.append(host)
        if not self.addresses:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in self.addresses]


@pytest.fixture
def names(monkeypatch):
    found = Names()
    monkeypatch.setattr(socket, "getaddrinfo", found)
    return found


@asynccontextmanager
async def listening():
    """One on each address, at one port; how often each was connected to. They end the connection at once."""
    accepted = {ALLOWED: 0, FORBIDDEN: 0}

    def counting(address):
        async def accept(_, writer):
            accepted[address] += 1
            writer.close()

        return accept

    async with AsyncExitStack() as stack:
        port = 0
        for address in accepted:
            sock = socket.create_server((address, port))
            port = sock.getsockname()[1]
            await stack.enter_async_context(await asyncio.start_server(counting(address), sock=sock))
        yield port, accepted


async def ask(port):
    connection = Connection(
        Endpoint(f"https://{NAME}:{port}", serving()[0], token="a token", allowed=(f"{ALLOWED}/32",))
    )
    try:
        await connection.ask("GET", "/version", headers={}, timeout=5)
    finally:
        await connection.close()


@pytest.mark.parametrize("later", [[FORBIDDEN], [ALLOWED, FORBIDDEN], ["::ffff:127.0.0.1"], ["169.254.169.254"]])
def test_a_name_that_leads_elsewhere_later_is_not_followed(names, later):
    async def run():
        async with listening() as (port, accepted):
            names.addresses = [ALLOWED]
            with pytest.raises(Unreachable):
                await ask(port)
            assert accepted == {ALLOWED: 1, FORBIDDEN: 0}
            names.addresses = later
            with pytest.raises(AddressNotAllowed):
                await ask(port)
            assert accepted == {ALLOWED: 1, FORBIDDEN: 0}
            assert names.asked == [NAME, NAME]

    asyncio.run(run())


def test_while_dns_is_down_nobody_is_connected_to(names):
    """Not even where the name led before."""

    async def run():
        async with listening() as (port, accepted):
            for addresses, times in (([ALLOWED], 1), ([], 1), ([ALLOWED], 2)):
                names.addresses = addresses
                with pytest.raises(Unreachable) as fault:
                    await ask(port)
                assert accepted == {ALLOWED: times, FORBIDDEN: 0}
                assert ("name resolution" in str(fault.value)) == (not addresses)

    asyncio.run(run())
