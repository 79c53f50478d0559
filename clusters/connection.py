"""How a member cluster is reached: one aiohttp session per cluster and credential version, bytes in and bytes out.

Below `client`, which alone uses it. Addresses are checked at connect time, so a name that resolves elsewhere later is
refused too; redirects are never followed.
"""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from clusters import addresses, tls
from clusters.faults import HIDDEN, AddressNotAllowed, ApiRefused, NoDescriptors, Unreachable

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 3.0
REQUEST_SECONDS = 10.0
# Of web sockets: how often is asked whether the other end is there, how long its good-bye is waited for, and the
# longest message it may send.
HEARTBEAT_SECONDS = 10.0
CLOSE_SECONDS = 1.0
MOST_MESSAGE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and as whom. `allowed` are the operator's CIDRs; `headers` go with each request, such as those by which one
    speaks for somebody else. Secrets stay out of repr.
    """

    server: str
    ca_data: str
    token: str = field(default="", repr=False)
    client_certificate: str = ""
    client_key: str = field(default="", repr=False)
    allowed: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


class _CheckedResolver(AbstractResolver):
    """Resolves once and refuses the whole name when any of its addresses is not allowed."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = allowed
        self._inner = DefaultResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        check_addresses([entry["host"] for entry in found], self._allowed)
        return found

    async def close(self) -> None:
        await self._inner.close()


def check_addresses(found: Sequence[str], allowed: Sequence[str]) -> None:
    """Raise AddressNotAllowed unless each address is public or within the operator's CIDRs."""
    try:
        addresses.check(list(found), list(allowed))
    except addresses.AddressRefused as refusal:
        raise AddressNotAllowed(str(refusal)) from refusal


class Connection:
    """To one API server. Raises only ClusterFault; the caller bounds the time by `timeout` seconds a call."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None

    @property
    def certificate_expires_at(self) -> datetime | None:
        """When the API server's certificate ends, as of the last connection; None before the first."""
        return tls.peer_expires_at(self._tls)

    async def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            host = urlsplit(self._endpoint.server).hostname or ""
            if host.replace(".", "").isdigit() or ":" in host:
                check_addresses([host], self._endpoint.allowed)  # aiohttp asks no resolver for a literal address
            endpoint = self._endpoint
            self._tls = tls.context(endpoint.ca_data, endpoint.client_certificate, endpoint.client_key)
            connector = aiohttp.TCPConnector(
                limit=0, ssl=self._tls, resolver=_CheckedResolver(self._endpoint.allowed), keepalive_timeout=60
            )
            headers = {"Authorization": f"Bearer {self._endpoint.token}"} if self._endpoint.token else {}
            self._session = aiohttp.ClientSession(
                self._endpoint.server,
                connector=connector,
                headers={**headers, **dict(endpoint.headers), "User-Agent": "dougong"},
                trust_env=False,
            )
        return self._session

    async def close(self) -> None:
        """Close the pool; the client opens a new one when used again."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None,
        body: Any,
        headers: Mapping[str, str],
        timeout: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        data = None if body is None else orjson.dumps(body)
        try:
            session = await self._open()
            async with session.request(
                method, path, params=params, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                    said = _decoded(self._unquoted(await response.read()))
                    raise ApiRefused.of(response.status, said, response.headers.get("Retry-After"))
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            raise _unanswered(fault) from fault

    def _unquoted(self, refusal: bytes) -> bytes:
        """Without our token: a proxy that says back what it was asked must not have us show it to everyone."""
        token = self._endpoint.token.encode()
        return refusal.replace(token, HIDDEN.encode()) if token else refusal

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str],
        timeout: float,
    ) -> tuple[int, Any]:
        """One call: its status, and the answer decoded."""
        limits = _limits(timeout)
        async with self._send(method, path, params=params, body=body, headers=headers, timeout=limits) as response:
            return response.status, _decoded(await response.read())

    async def text(self, path: str, params: Mapping[str, str], *, timeout: float = REQUEST_SECONDS) -> bytes:
        """An answer that is no object (a log that has ended), as it comes."""
        limits = _limits(timeout)
        async with self._send(
            "GET", path, params=params, body=None, headers={"Accept": "*/*"}, timeout=limits
        ) as response:
            return await response.read()

    async def stream(
        self, path: str, params: Mapping[str, str], *, accept: str = "*/*", idle_seconds: float = 3600.0
    ) -> AsyncGenerator[bytes, None]:
        """Raw lines of a streaming GET (a watch, pod logs), as they come. Longer silence is Unreachable."""
        limits = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=idle_seconds)
        headers = {"Accept": accept}
        async with self._send("GET", path, params=params, body=None, headers=headers, timeout=limits) as response:
            async for line in _lines(response):
                yield line

    @asynccontextmanager
    async def websocket(
        self, path: str, params: Sequence[tuple[str, str]], *, protocol: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A web socket that the server has accepted under `protocol`; it pings, so that a cut line is noticed.

        Raises:
            ApiRefused: by status alone, no web socket has an error's body.
            Unreachable: no answer, or none that speaks the protocol.
        """
        limits = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)
        try:
            session = await self._open()
            async with asyncio.timeout(REQUEST_SECONDS):
                socket = await session.ws_connect(
                    path, params=list(params), protocols=[protocol], timeout=limits, heartbeat=HEARTBEAT_SECONDS,
                    max_msg_size=MOST_MESSAGE,
                )  # fmt: skip
        except aiohttp.WSServerHandshakeError as refusal:
            raise ApiRefused.of(refusal.status, None, None) from refusal
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            raise _unanswered(fault) from fault
        async with socket:
            if socket.protocol != protocol:
                raise Unreachable(f"the server does not speak {protocol}")
            yield socket


def _unanswered(fault: Exception) -> Unreachable:
    said = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
    if not _descriptors_ran_out(fault):
        return Unreachable(said)
    log.error("descriptors_ran_out", fault=said)
    return NoDescriptors(said)


def _descriptors_ran_out(fault: Exception) -> bool:
    if isinstance(fault, OSError) and fault.errno in (errno.EMFILE, errno.ENFILE):
        return True
    if isinstance(fault, aiohttp.ClientConnectorDNSError):  # the resolver then only says that it knows no such name
        try:
            os.close(os.dup(0))
        except OSError as refusal:
            return refusal.errno in (errno.EMFILE, errno.ENFILE)
    return False


def _limits(timeout: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=timeout, connect=min(CONNECT_SECONDS, timeout))


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Complete lines of any length: aiohttp's own reader stops at its buffer's size, and an object may be larger."""
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield line
    if rest.strip():
        yield rest


def _decoded(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data else None
    except orjson.JSONDecodeError:
        return data.decode(errors="replace")
