"""Live views: the whole state from PostgreSQL on connect and after each hint, as server-sent events; of a list that is
watched the rows that differ.

A hint is a message without content on a Valkey channel, sent by `hint(channel)` after a commit. None needs to be heard:
without Valkey the state is read every five seconds, with it every five minutes, or once a minute where a page does not
say how else to ask whether its reader may go on; a watched list every other minute. So a page that nothing happens to
costs a few bytes now and then. Nothing new is ever sent without asking for the permission anew. Served by ASGI only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from hashlib import sha256
from typing import Any, TypeVar

import orjson
import redis
import redis.asyncio
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import StreamingHttpResponse
from django.utils import timezone, translation

from paas.core import meanings
from paas.core.errors import Refusal, Unavailable
from paas.core.problems import problem

logger = structlog.get_logger(__name__)

HEARTBEAT = 15.0
POLL = 5.0
# A hint may be lost on its way from a writer: that somebody may no longer look is found so much later at most,
ASK_AGAIN = 60.0
# and anything else that is new.
READ_AGAIN = 300.0
# A page of a watched list takes longer to read.
LIST_AGAIN = 120.0
# A burst of hints is one reading of the database.
SETTLE = 0.2
BURST = 1000
# A stream ends itself after this; the browser connects again at once and is checked anew.
LIFETIME = 600.0
PREFIX = "dougong:live:"
# Every stream also listens here, for what may end it whatever it shows.
EVERYONE = "everyone"

Snapshot = Callable[[], dict[str, Any]]
# Raises a Refusal where whoever looks may no longer do so.
Still = Callable[[], object]
# Reads a page of a list: `(rows, more)`, each row JSON-safe with its `id`; whether the list goes on behind it.
Rows = Callable[[], tuple[list[dict[str, Any]], bool]]
# Reads, and says what is new as events; b"" where nothing is.
Telling = Callable[[], bytes]
Read = TypeVar("Read")

_open = 0


def stream(snapshot: Snapshot, *channels: str, still: Still | None = None) -> StreamingHttpResponse:
    """Answer a request with a live view.

    Args:
        snapshot: reads the whole state, JSON-safe, in a thread of its own; called again at each hint. It asks for the
            permission itself, every time: a Refusal it raises is sent as the event `refused` and ends the stream.
        channels: the names the writers give to `hint`; one or more.
        still: asks for the permission alone. A page that has it is read whole five times less often while nothing
            happens: not for one on which something changes that nobody hints at, as how long ago a cluster was seen.

    Events: `state` with the state (only when it differs from the last sent), `refused` with a problem, and comments as
        heartbeats.

    Raises:
        Unavailable: `too_many_streams`, beyond DOUGONG_STREAM_LIMIT.
    """
    return _answer(_whole(_for_reader(snapshot)), channels, ASK_AGAIN, still and _for_reader(still))


def watch(rows: Rows, *channels: str) -> StreamingHttpResponse:
    """Answer a request with a page of a list, and then with what changes in it; as `stream` else.

    Events: `state` with `{"results": [row], "more": whether the list goes on}` on connect, `changed` with a row that is
        new or differs, `removed` with `{"id"}` of one that is no longer there or no longer to be seen.
    """
    return _answer(_by_row(_for_reader(rows)), channels, LIST_AGAIN, None)


def _answer(telling: Telling, channels: Sequence[str], again: float, still: Still | None) -> StreamingHttpResponse:
    if _open >= settings.DOUGONG.stream_limit:
        raise Unavailable("too_many_streams", "Too many live views are open.", remedy="Reload later.")
    response = StreamingHttpResponse(
        _events(telling, channels, LIFETIME, again, still), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def hint(channel: str) -> None:
    """Once the transaction commits, tell whoever looks at this channel that something changed. Never fails, never
    waits long.
    """
    transaction.on_commit(lambda: _publish(channel))


def events(
    snapshot: Snapshot, *channels: str, lifetime: float = LIFETIME, still: Still | None = None
) -> AsyncGenerator[bytes, None]:
    """The bytes of a live view."""
    return _events(_whole(snapshot), channels, lifetime, ASK_AGAIN, still)


def _whole(snapshot: Snapshot) -> Telling:
    """The state, where it differs from the last."""
    sent = b""

    def tell() -> bytes:
        nonlocal sent
        state = orjson.dumps(snapshot(), default=str)
        if state == sent:
            return b""
        sent = state
        return _event(b"state", state)

    return tell


def _by_row(rows: Rows) -> Telling:
    """All rows at first, then those that came, differ or went. What was sent is kept as digests."""
    sent: dict[str, bytes] | None = None

    def tell() -> bytes:
        nonlocal sent
        found, more = rows()
        told = {str(row["id"]): orjson.dumps(row, default=str) for row in found}
        before, sent = sent, {key: sha256(row).digest() for key, row in told.items()}
        if before is None:
            return _event(b"state", orjson.dumps({"results": found, "more": more}, default=str))
        gone = [_event(b"removed", orjson.dumps({"id": key})) for key in before if key not in sent]
        new = [_event(b"changed", row) for key, row in told.items() if before.get(key) != sent[key]]
        return b"".join(gone + new)

    return tell


def _event(name: bytes, data: bytes) -> bytes:
    return b"event: " + name + b"\ndata: " + data + b"\n\n"


async def _events(
    telling: Telling, channels: Sequence[str], lifetime: float, again: float, still: Still | None
) -> AsyncGenerator[bytes, None]:
    global _open  # noqa: PLW0603 - a count of this process
    _open += 1
    try:
        async with _hints(channels) as hints, aclosing(_states(telling, hints, lifetime, again, still)) as states:
            async for chunk in states:
                yield chunk
    finally:
        _open -= 1


async def _states(
    telling: Telling, hints: _Hints, lifetime: float, seconds: float, still: Still | None
) -> AsyncGenerator[bytes, None]:
    """Listening has begun before the first reading, so that no change falls between."""
    whole = sync_to_async(_reading(telling))
    asking = whole if still is None else sync_to_async(_reading(_asked(still)))
    read, whole_again = whole, 0.0
    end = time.monotonic() + lifetime
    yield b"retry: 2000\n\n"
    while True:
        try:
            new = await read()
        except Refusal as refusal:
            yield _event(b"refused", orjson.dumps(problem(refusal)))
            return
        except DatabaseError as error:
            # PostgreSQL ends or restarts: the browser connects again, and this is no fault of the page's.
            logger.warning("live_unreadable", error=str(error)[:200])
            return
        yield new or b": unchanged\n\n"
        now, hinted = time.monotonic(), False
        if read is whole:
            whole_again = now + READ_AGAIN
        again = min(end, now + seconds)
        while (left := again - time.monotonic()) > 0 and not (hinted := await hints.wait(left)):
            yield b": unchanged\n\n"
        if time.monotonic() >= end:
            return
        read = whole if hinted or time.monotonic() >= whole_again else asking


def _asked(still: Still) -> Telling:
    """It tells nothing."""

    def ask() -> bytes:
        still()
        return b""

    return ask


def _for_reader(snapshot: Callable[[], Read]) -> Callable[[], Read]:
    """In the language and the time zone of the request, which ends before the first reading; what is refused too."""
    language, zone = translation.get_language(), timezone.get_current_timezone()

    def read() -> Read:
        with translation.override(language), timezone.override(zone):
            try:
                return snapshot()
            except Refusal as refusal:
                refusal.message = meanings.message(refusal)
                raise

    return read


def _reading(telling: Telling) -> Telling:
    def read() -> bytes:
        try:
            return telling()
        finally:
            # A stream lives for minutes and must not hold a connection all the while.
            if not connection.in_atomic_block:
                connection.close()

    return read


class _Hints:
    """Waits for the next reason to read again; falls back to time alone, and looks for Valkey again each time."""

    def __init__(self, client: redis.asyncio.Redis, channels: Sequence[str]) -> None:
        self.client = client
        self.channels = [PREFIX + each for each in (*channels, EVERYONE)]
        self.listener: Any = None

    async def connect(self) -> None:
        listener = self.client.pubsub()
        try:
            await listener.subscribe(*self.channels)
        except (redis.RedisError, OSError) as error:
            logger.debug("live_without_hints", error=str(error))
            await listener.aclose()  # type: ignore[no-untyped-call]  # redis leaves it untyped
        else:
            self.listener = listener

    async def wait(self, limit: float) -> bool:
        """Whether there is a reason, or none for a heartbeat."""
        if self.listener is None:
            await asyncio.sleep(min(POLL, limit))
            await self.connect()
            return True
        try:
            if not await self._next(min(HEARTBEAT, limit)):
                return False
            await asyncio.sleep(SETTLE)
            await self._drain()
        except (redis.RedisError, OSError):
            await self.close()
        return True

    async def _next(self, limit: float) -> bool:
        until = time.monotonic() + limit
        while (left := until - time.monotonic()) > 0:
            message = await self.listener.get_message(ignore_subscribe_messages=True, timeout=left)
            if message is not None:
                return True
        return False

    async def _drain(self) -> None:
        for _ in range(BURST):
            if await self.listener.get_message(ignore_subscribe_messages=True, timeout=0) is None:
                return

    async def close(self) -> None:
        listener, self.listener = self.listener, None
        if listener is not None:
            try:
                await listener.aclose()
            except (redis.RedisError, OSError) as error:
                logger.debug("live_hints_closed", error=str(error))


@asynccontextmanager
async def _hints(channels: Sequence[str]) -> AsyncIterator[_Hints]:
    client = redis.asyncio.Redis.from_url(settings.DOUGONG.redis_url, socket_connect_timeout=1)
    hints = _Hints(client, channels)
    await hints.connect()
    try:
        yield hints
    finally:
        await hints.close()
        await client.aclose()


def _publish(channel: str) -> None:
    try:
        _publisher().publish(PREFIX + channel, b"")
    except (redis.RedisError, OSError) as error:
        logger.debug("live_hint_lost", channel=channel, error=str(error))


def _publisher() -> redis.Redis:
    """One client a process; it keeps its own pool, safe after a fork."""
    global _client  # noqa: PLW0603 - one client a process
    if _client is None:
        _client = redis.Redis.from_url(settings.DOUGONG.redis_url, socket_connect_timeout=0.5, socket_timeout=0.5)
    return _client


_client: redis.Redis | None = None
