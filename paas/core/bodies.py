"""How much a request may carry: counted as it comes in, before anything is read into memory or parsed.

`paas.asgi` wraps Django in it, so that it holds for every address, whoever asks. `BoundedJSONParser` reads the rest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from paas.core.errors import TooLarge
from paas.core.problems import CONTENT_TYPE, problem

# The largest app file there is sense in: twice what etcd takes of one object.
MOST_BYTES = 4 * 1024 * 1024

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]


def limited(application: Application, most: int = MOST_BYTES) -> Application:
    """The application, which gets no request with a larger body: 413, whether its length is told or found out."""

    async def serve(scope: Any, receive: Receive, send: Send) -> None:
        if _told(scope) > most:
            await _refuse(send)
            return
        body = _Counted(receive, send, most)
        await application(scope, body.receive, body.send)

    return serve


class _Counted:
    """The two ends of a request. Past the limit the client has its answer, and the application hears that it left."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._left = receive, send, most
        self._refused = self._answered = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0:
            return message
        if not (self._refused or self._answered):
            self._refused = True
            await _refuse(self._send)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self._answered = True
        if not self._refused:
            await self._send(message)


def _told(scope: Mapping[str, Any]) -> int:
    length = dict(scope.get("headers", ())).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send) -> None:
    refusal = TooLarge(
        "body_too_large",
        "The request is too large.",
        rule="A request carries at most 4 MiB.",
        remedy="Put large files into the image or a volume.",
    )
    body = orjson.dumps(problem(refusal))
    headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode()),
               (b"connection", b"close")]  # fmt: skip
    await send({"type": "http.response.start", "status": HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class BoundedJSONParser(JSONParser):
    """JSON whose nesting the interpreter can follow; deeper is unreadable, not a fault of ours."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The value. ParseError for anything else."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deep") from None
