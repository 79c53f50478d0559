"""A scripted proxy before one API server: it ends the TLS, speaks HTTP/1.1 and breaks what it is told to break.

    with FaultProxy(server, ca) as proxy:
        proxy.script = lambda request: Lost() if request.method == "PATCH" else None

`script` is asked once a request, in order; None lets it pass. It runs on an event loop in a thread of its own.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

from tests.certificate import serving

OF_ONE_CONNECTION = {"connection", "host", "keep-alive", "transfer-encoding"}
SECONDS = 10  # what the loop's thread is given to turn


@dataclass(eq=False)
class Request:
    """What a client asked. `status` is that of the answer, None where the client has none; `answered` is set when the
    API server has.
    """

    number: int
    method: str
    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    status: int | None = None
    answered: threading.Event = field(default_factory=threading.Event, repr=False)


class Reset:
    """The connection is reset before the API server sees the request."""


class Lost:
    """The API server does it and answers; the client hears a reset."""


class Hang:
    """No answer, ever; the API server sees nothing."""


@dataclass(frozen=True)
class Drip:
    """The answer comes byte by byte."""

    seconds_per_byte: float = 1.0


@dataclass(frozen=True)
class Cut:
    """The answer's body ends after so many bytes, without the end that HTTP would have."""

    bytes: int


@dataclass(frozen=True)
class Answer:
    """An answer that is not the API server's, which sees nothing. A body that is no text is sent as JSON."""

    status: int
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Before:
    """`callback(request)` before the request is sent on, which it then is, even where the client has gone by then."""

    callback: Callable[[Request], Any]


@dataclass(frozen=True)
class After:
    """`callback(request)` when the API server has answered, before the client hears of it."""

    callback: Callable[[Request], Any]


Fault = Reset | Lost | Hang | Drip | Cut | Answer | Before | After


class FaultProxy:
    """Register its `server` and `ca` in place of the API server's own. `seen` are the requests so far."""

    def __init__(self, server: str, ca: str) -> None:
        self.script: Callable[[Request], Fault | None] = lambda _: None
        self.seen: list[Request] = []
        self._behind = (server, ca)
        self._token = ""
        self._place = _bound(0)  # never listens: it keeps the port ours while nobody does
        self.server = f"https://127.0.0.1:{self._place.getsockname()[1]}"
        self.ca, self._tls = serving()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listener: asyncio.Server | None = None
        self._session: aiohttp.ClientSession | None = None
        self._mute: set[asyncio.BaseTransport] = set()
        self._late: set[asyncio.Task[web.StreamResponse]] = set()
        self._failure: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._place.close()
        if self._failure is not None:
            raise self._failure

    def lead_to(self, server: str, ca: str, token: str = "") -> None:
        """From now on another API server answers behind the same address; with `token` it takes the client for that."""
        self._behind, self._token = (server, ca), token
        self._do(self._connect())

    def show(self, ca: str, tls: ssl.SSLContext) -> None:
        """From now on another certificate, of another authority; the connections that there are are cut."""
        self.ca, self._tls = ca, tls
        self.accept()

    def accept(self) -> None:
        """As it should be. This and the next three cut the connections that there are."""
        self._do(self._listen(self._web, self._tls))

    def refuse(self) -> None:
        """Nobody listens."""
        self._do(self._listen(None))

    def swallow(self) -> None:
        """Connections are accepted and never answered."""
        self._do(self._listen(lambda: _Mute(self._mute)))

    def stall_tls(self, *, close: bool = False) -> None:
        """Half of the server's part of the handshake, then silence, or with `close` the end of the connection."""
        self._do(self._listen(lambda: _Mute(self._mute, self._tls, close=close)))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    async def _open(self) -> None:
        self._web = web.Server(self._handle, handler_cancellation=True)
        await self._connect()
        await self._listen(self._web, self._tls)

    async def _close(self) -> None:
        await self._listen(None)
        await self._web.shutdown(0)
        for each in self._late:
            each.cancel()
        if self._session is not None:
            await self._session.close()

    async def _connect(self) -> None:
        trusted = ssl.create_default_context(cadata=self._behind[1])
        trusted.verify_flags &= ~ssl.VERIFY_X509_STRICT
        connector = aiohttp.TCPConnector(limit=0, ssl=trusted)
        before, self._session = self._session, aiohttp.ClientSession(
            connector=connector, auto_decompress=False, timeout=aiohttp.ClientTimeout()
        )  # fmt: skip
        if before is not None:
            await before.close()

    async def _listen(self, factory: Any, tls: ssl.SSLContext | None = None) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for transport in [*self._mute, *(each.transport for each in self._web.connections)]:
            _reset(transport)
        if factory is not None:
            place = _bound(self._place.getsockname()[1])
            self._listener = await self._loop.create_server(factory, sock=place, ssl=tls)

    async def _handle(self, asked: web.BaseRequest) -> web.StreamResponse:
        request = Request(len(self.seen), asked.method, asked.path_qs, b"", asked.headers)
        self.seen.append(request)
        request.body = await asked.content.read()
        try:
            match self.script(request):
                case Reset():
                    return _unanswered(asked)
                case Hang():
                    return await asyncio.Future()
                case Answer(status, body, headers):
                    request.status = status
                    return web.Response(status=status, body=_encoded(body), headers=headers)
                case Before() as fault:
                    late = asyncio.create_task(self._pass(asked, request, fault))
                    self._late.add(late)
                    late.add_done_callback(self._late.discard)
                    return await asyncio.shield(late)
                case fault:
                    return await self._pass(asked, request, fault)
        except Exception as failure:  # of the script: the test shall fail by it
            self._failure = self._failure or failure
            raise

    async def _pass(self, asked: web.BaseRequest, request: Request, fault: Fault | None) -> web.StreamResponse:
        assert self._session is not None
        if isinstance(fault, Before):
            await _called(fault.callback, request)
        url = URL(self._behind[0] + request.path, encoded=True)
        headers = _passed_on(asked.headers) | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        try:
            async with self._session.request(
                request.method, url, data=request.body or None, headers=headers, allow_redirects=False
            ) as answer:
                request.status = None if isinstance(fault, Lost) else answer.status
                request.answered.set()
                if isinstance(fault, After):
                    await _called(fault.callback, request)
                return _unanswered(asked) if isinstance(fault, Lost) else await _told(asked, request, answer, fault)
        except (aiohttp.ClientError, OSError):  # the API server's connection or the client's
            return _unanswered(asked)


async def _told(
    asked: web.BaseRequest, request: Request, answer: aiohttp.ClientResponse, fault: Fault | None
) -> web.StreamResponse:
    """Chunk by chunk, as it comes."""
    told = web.StreamResponse(status=answer.status, headers=_passed_on(answer.headers))
    await told.prepare(asked)
    left = fault.bytes if isinstance(fault, Cut) else sys.maxsize
    while left and (chunk := await answer.content.readany()):
        if isinstance(fault, Drip):
            for each in chunk:
                await told.write(bytes([each]))
                await asyncio.sleep(fault.seconds_per_byte)
        else:
            await told.write(chunk[:left])
        left = max(0, left - len(chunk))
    if isinstance(fault, Cut) and asked.transport is not None:
        asked.transport.close()
    return told


class _Mute(asyncio.Protocol):
    """Says nothing, or with `tls` half of what a handshake asks for."""

    def __init__(
        self, peers: set[asyncio.BaseTransport], tls: ssl.SSLContext | None = None, *, close: bool = False
    ) -> None:
        self._peers, self._tls, self._close = peers, tls, close

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._peers.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._peers.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._tls is None:
            return
        heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
        heard.write(data)
        with suppress(ssl.SSLWantReadError):
            self._tls.wrap_bio(heard, said, server_side=True).do_handshake()
        self._transport.write(said.read(said.pending // 2))
        if self._close:
            self._transport.close()


def _unanswered(asked: web.BaseRequest) -> web.StreamResponse:
    _reset(asked.transport)
    return web.Response()


def _reset(transport: asyncio.BaseTransport | None) -> None:
    if transport is None or transport.is_closing():  # a closed TLS transport cannot even be asked for its socket
        return
    if (peer := transport.get_extra_info("socket")) is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()  # type: ignore[attr-defined]


async def _called(callback: Callable[[Request], Any], request: Request) -> None:
    if inspect.isawaitable(result := callback(request)):
        await result


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in OF_ONE_CONNECTION}


def _encoded(body: Any) -> str | bytes:
    return body if isinstance(body, str | bytes) else json.dumps(body)


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made
