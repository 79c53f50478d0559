"""The only way to a member cluster: one aiohttp session per cluster and credential version.

Everything above asks for objects as plain dicts; nothing above opens a connection. Addresses are checked at connect
time, so a name that resolves elsewhere later is refused too; redirects are never followed.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from clusters import addresses, tls
from clusters.faults import HIDDEN, AddressNotAllowed, ApiRefused, Unreachable
from clusters.kinds import Resource

CONNECT_SECONDS = 3.0
REQUEST_SECONDS = 10.0
READ_TRIES = 3
# Of web sockets: how often is asked whether the other end is there, how long its good-bye is waited for, and the
# longest message it may send.
HEARTBEAT_SECONDS = 10.0
CLOSE_SECONDS = 1.0
MOST_MESSAGE = 1024 * 1024
PAUSE_SECONDS = (0.1, 0.5)  # where the server names none
PAGE = 500
APPLY = "application/apply-patch+yaml"  # JSON is YAML; the server takes orjson's bytes as they are
JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


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


class ClusterClient:
    """Speaks to one API server. Raises only ClusterFault; the caller bounds the time by `timeout` seconds a call."""

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
        session = await self._open()
        data = None if body is None else orjson.dumps(body)
        try:
            async with session.request(
                method, path, params=params, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                    said = _decoded(self._unquoted(await response.read()))
                    raise ApiRefused.of(response.status, said, response.headers.get("Retry-After"))
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            raise Unreachable(f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__) from fault

    def _unquoted(self, refusal: bytes) -> bytes:
        """Without our token: a proxy that says back what it was asked must not have us show it to everyone."""
        token = self._endpoint.token.encode()
        return refusal.replace(token, HIDDEN.encode()) if token else refusal

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout: float = REQUEST_SECONDS,
    ) -> Any:
        """One call, decoded. Raises Unreachable or ApiRefused.

        A read that the server fails or has no time for is asked again, as far as `timeout` goes. A write is not: who
        sent it backs off.
        """
        over = time.monotonic() + timeout
        for left in reversed(range(READ_TRIES if method == "GET" else 1)):
            try:
                return await self._request(
                    method, path, params=params, body=body, content_type=content_type, accept=accept,
                    timeout=over - time.monotonic(),
                )  # fmt: skip
            except ApiRefused as refusal:
                pause = refusal.retry_after or random.uniform(*PAUSE_SECONDS)  # noqa: S311 - no secret, only spread
                if not (left and refusal.transient) or time.monotonic() + pause >= over:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None,
        body: Any,
        content_type: str,
        accept: str,
        timeout: float,
    ) -> Any:
        limits = aiohttp.ClientTimeout(total=timeout, connect=min(CONNECT_SECONDS, timeout))
        headers = {"Accept": accept, **({"Content-Type": content_type} if body is not None else {})}
        async with self._send(method, path, params=params, body=body, headers=headers, timeout=limits) as response:
            return _decoded(await response.read())

    async def text(self, path: str, params: Mapping[str, str], *, timeout: float = REQUEST_SECONDS) -> bytes:
        """An answer that is no object (a log that has ended), as it comes."""
        limits = aiohttp.ClientTimeout(total=timeout, connect=min(CONNECT_SECONDS, timeout))
        headers = {"Accept": "*/*"}
        async with self._send("GET", path, params=params, body=None, headers=headers, timeout=limits) as response:
            return await response.read()

    async def get(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        metadata_only: bool = False,
        timeout: float = REQUEST_SECONDS,
    ) -> dict[str, Any] | None:
        """The object, or None where the server says that there is none of that name."""
        accept = METADATA if metadata_only else JSON
        try:
            return _object(await self.request("GET", resource.path(namespace, name), accept=accept, timeout=timeout))
        except ApiRefused as refusal:
            if refusal.absent:
                return None
            raise

    async def page(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        selector: str = "",
        token: str = "",
        limit: int = PAGE,
        metadata_only: bool = False,
        timeout: float = REQUEST_SECONDS,
    ) -> tuple[list[dict[str, Any]], str, str]:
        """One page of a list: its items, the token of the next page ("" after the last), the list's resourceVersion.

        Items carry apiVersion and kind. With `metadata_only` they have nothing else but their metadata, which is less
        to send and to decode.
        """
        params = {
            "limit": str(limit),
            **({"labelSelector": selector} if selector else {}),
            **({"continue": token} if token else {}),
        }
        accept = METADATA_LIST if metadata_only else JSON
        answer = await self.request("GET", resource.path(namespace), params=params, accept=accept, timeout=timeout)
        page = _object(answer)
        kind = {"apiVersion": resource.api_version, "kind": resource.kind}
        items = [{**item, **kind} for item in page.get("items") or []]
        metadata = page["metadata"]
        return items, metadata.get("continue") or "", str(metadata.get("resourceVersion") or "")

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        selector: str = "",
        limit: int = PAGE,
        timeout: float = REQUEST_SECONDS,
    ) -> tuple[list[dict[str, Any]], str]:
        """All objects, page by page, each within `timeout`, and the list's resourceVersion."""
        items: list[dict[str, Any]] = []
        token = ""
        while True:
            page, token, version = await self.page(
                resource, namespace, selector=selector, token=token, limit=limit, timeout=timeout
            )
            items += page
            if not token:
                return items, version

    async def apply(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        *,
        manager: str,
        force: bool,
        timeout: float = REQUEST_SECONDS,
    ) -> tuple[dict[str, Any], bool]:
        """Server-side apply; returns the live object and whether it was created by this call."""
        metadata = body["metadata"]
        params = {"fieldManager": manager, "fieldValidation": "Strict", **({"force": "true"} if force else {})}
        limits = aiohttp.ClientTimeout(total=timeout, connect=min(CONNECT_SECONDS, timeout))
        headers = {"Accept": "application/json", "Content-Type": APPLY}
        path = resource.path(metadata.get("namespace", ""), metadata["name"])
        async with self._send("PATCH", path, params=params, body=body, headers=headers, timeout=limits) as response:
            return _object(_decoded(await response.read())), response.status == HTTPStatus.CREATED

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        uid: str,
        resource_version: str = "",
        propagation: str = "Background",
        timeout: float = REQUEST_SECONDS,
    ) -> bool:
        """Delete exactly the object with `uid` (and `resource_version`, where given); False where it is gone."""
        preconditions = {"uid": uid, **({"resourceVersion": resource_version} if resource_version else {})}
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": preconditions,
            "propagationPolicy": propagation,
        }
        try:
            await self.request("DELETE", resource.path(namespace, name), body=body, timeout=timeout)
        except ApiRefused as refusal:
            if refusal.absent:
                return False
            raise
        return True

    async def watch(
        self, resource: Resource, *, selector: str, since: str, idle_seconds: float = 330.0
    ) -> AsyncIterator[dict[str, Any]]:
        """Events {"type", "object"} from `since` on, bookmarks included, until the server ends the stream.

        An ERROR event is raised as ApiRefused (410 where `since` is too old). Silence longer than `idle_seconds` is
        Unreachable.
        """
        params = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "labelSelector": selector,
            "resourceVersion": since,
            "timeoutSeconds": "300",
        }
        limits = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=idle_seconds)
        headers = {"Accept": "application/json"}
        async with self._send(
            "GET", resource.path(), params=params, body=None, headers=headers, timeout=limits
        ) as response:
            async for line in _lines(response):
                event = orjson.loads(line)
                if event.get("type") == "ERROR":
                    status = event.get("object") or {}
                    raise ApiRefused.of(int(status.get("code") or 500), status, None)
                yield event

    @asynccontextmanager
    async def websocket(
        self, path: str, params: Sequence[tuple[str, str]], *, protocol: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A web socket that the server has accepted under `protocol`; it pings, so that a cut line is noticed.

        Raises:
            ApiRefused: by status alone, no web socket has an error's body.
            Unreachable: no answer, or none that speaks the protocol.
        """
        session = await self._open()
        limits = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                socket = await session.ws_connect(
                    path, params=list(params), protocols=[protocol], timeout=limits, heartbeat=HEARTBEAT_SECONDS,
                    max_msg_size=MOST_MESSAGE,
                )  # fmt: skip
        except aiohttp.WSServerHandshakeError as refusal:
            raise ApiRefused.of(refusal.status, None, None) from refusal
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            raise Unreachable(f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__) from fault
        async with socket:
            if socket.protocol != protocol:
                raise Unreachable(f"the server does not speak {protocol}")
            yield socket

    async def stream(
        self, path: str, params: Mapping[str, str], *, idle_seconds: float = 3600.0
    ) -> AsyncIterator[bytes]:
        """Raw lines of a streaming GET (pod logs), as they come."""
        limits = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=idle_seconds)
        async with self._send(
            "GET", path, params=params, body=None, headers={"Accept": "*/*"}, timeout=limits
        ) as response:
            async for line in _lines(response):
                yield line


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


def _object(answer: Any) -> dict[str, Any]:
    """An answer that has to be a Kubernetes object or list. Garbage says nothing of what is there."""
    if not isinstance(answer, dict) or not isinstance(answer.get("metadata"), dict):
        raise Unreachable("the answer is no Kubernetes object")
    return answer


def _decoded(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data else None
    except orjson.JSONDecodeError:
        return data.decode(errors="replace")
