"""The web socket of a terminal, `/api/v1/terminals/{id}/socket/`; the only one of this platform. Plain ASGI.

First comes a text {"ticket", "columns", "rows"}; a ticket is no cookie, so no other site's page can open one. Then
bytes are input, and texts are {"columns", "rows"} or {"end_of_input": true}. To the person go bytes, the first of which
is 1 for output and 2 for errors, and texts {"event": "started"|"ended", …}; `ended` is the last.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import structlog
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.db import connection

from apps.models import Terminal
from apps.selectors.tenants import grants_bindings
from apps.services import terminals
from apps.terminals import store
from apps.terminals.recording import Recording
from apps.terminals.session import End, EndOfInput, Limits, Resize, Session
from clusters.faults import ClusterFault
from clusters.models import Cluster, ClusterCredential
from clusters.sessions import NoCredential, access_for
from clusters.terminal import Channel, NotGranted, Place, identity, opened
from clusters.terminal import Terminal as Command
from paas.core.errors import Refusal, Unavailable

log = structlog.get_logger(__name__)

PATH = re.compile(r"/api/v1/terminals/([0-9a-f-]{36})/socket/")
FIRST_SECONDS = 10.0
CHECK_SECONDS = 3.0
MOST_COLUMNS = 1000
Ending = Terminal.Ending
Message = MutableMapping[str, Any]

_open = 0


class Left(Exception):  # noqa: N818 - nothing went wrong
    """The person has left before anything was opened."""


class Socket:
    """A person's end, over ASGI."""

    def __init__(self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
        self._receive, self._send = receive, send

    async def receive(self) -> bytes | Resize | EndOfInput | None:
        """What they do next; None when they have left. What is not understood is passed over."""
        while (message := await self._receive())["type"] != "websocket.disconnect":
            if message.get("bytes"):
                return bytes(message["bytes"])
            said = parsed(message.get("text"))
            if said.get("end_of_input"):
                return EndOfInput()
            if said:
                return _size(said)
        return None

    async def show(self, channel: Channel, piece: bytes) -> None:
        """What the command prints."""
        await self._send({"type": "websocket.send", "bytes": bytes([channel]) + piece})

    async def tell(self, event: str, **facts: Any) -> None:
        """Something about the terminal itself."""
        await self._send({"type": "websocket.send", "text": json.dumps({"event": event, **facts})})

    async def first(self) -> dict[str, Any]:
        """The ticket. Raises Left."""
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise Left from None
        if message["type"] == "websocket.disconnect":
            raise Left
        return parsed(message.get("text"))


async def application(scope: Message, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    """ASGI."""
    await receive()
    found = PATH.fullmatch(str(scope["path"]))
    if found is None:
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "websocket.accept"})
    try:
        async with ThreadSensitiveContext():
            end = await _served(UUID(found[1]), Socket(receive, send))
            await Socket(receive, send).tell(
                "ended", ending=end.ending, message=end.message, exit_code=end.exit_code
            )  # fmt: skip
        await send({"type": "websocket.close", "code": 1000})
    except (Left, OSError):
        return


async def _served(pk: UUID, socket: Socket) -> End:
    global _open  # noqa: PLW0603 - a count of this process
    first = await socket.first()
    _open += 1
    try:
        if _open > settings.DOUGONG.exec_limit:
            raise Unavailable("too_many_terminals", "Too many terminals are open.", remedy="Try again later.")
        row = await _in_thread(terminals.attach)(terminal=pk, ticket=str(first.get("ticket", "")))
    except Refusal as refusal:
        return End("Refused", str(refusal))
    else:
        return await _ended(row, socket, _size(first))
    finally:
        _open -= 1


async def _ended(row: Terminal, socket: Socket, size: Resize) -> End:
    """From the ticket taken to its end, which is noted whatever happens."""
    end, session = End(Ending.SERVER_LOST, "The server failed."), None
    try:
        async with await _command(row) as command:
            if row.tty:
                await command.resize(size.columns, size.rows)
            session = _session(row, socket, command, size)
            limits = session.limits
            await socket.tell("started", seconds=limits.seconds, idle_seconds=limits.idle, **_place(row))
            end = await session.run()
    except NotGranted:
        end = End(
            Ending.NOT_STARTED,
            f"Cluster {row.cluster} has not granted terminals, or not yet here: `dougong cluster join --exec`.",
        )
    except (ClusterFault, NoCredential) as fault:
        end = End(Ending.CONNECTION_LOST if session else Ending.NOT_STARTED, str(fault))
    except OSError:
        end = End(Ending.LEFT)
    finally:
        counts = {"bytes_in": session.bytes_in, "bytes_out": session.bytes_out} if session else {}
        facts: dict[str, Any] = {"ending": end.ending, "message": end.message, "exit_code": end.exit_code, **counts}
        await asyncio.shield(_in_thread(terminals.end_terminal)(terminal=row, **facts))
    return end


async def _command(row: Terminal) -> AbstractAsyncContextManager[Command]:
    def minter() -> Any:
        cluster = Cluster.objects.get(name=row.cluster)
        return access_for(cluster, ClusterCredential.Purpose.MINTER), grants_bindings(cluster)

    access, granted = await _in_thread(minter)()
    place = Place(row.environment.namespace, row.pod, row.container)
    seconds = settings.DOUGONG.exec_minutes * 60
    endpoint = await identity(access, row.opened_by_name, place.namespace if granted else "", seconds=seconds)
    return opened(endpoint, place, row.command, tty=row.tty)


def _session(row: Terminal, socket: Socket, command: Command, size: Resize) -> Session:
    chosen = settings.DOUGONG
    recording = Recording(most=chosen.exec_recording_kilobytes * 1000)
    recording.begin(
        columns=size.columns, rows=size.rows, at=int(time.time()), command=row.command,
        title=f"{row.environment} on {row.cluster}/{row.pod}, by {row.opened_by_name}",
    )  # fmt: skip
    limits = Limits(chosen.exec_minutes * 60, chosen.exec_idle_minutes * 60, CHECK_SECONDS)

    async def check() -> None:
        await _in_thread(terminals.check)(row)

    async def save(text: str) -> None:
        await _in_thread(store.append)(row.pk, text)

    window = size if row.tty else None
    return Session(socket, command, recording, limits, check=check, save=save, size=window)


def parsed(text: Any) -> dict[str, Any]:
    """A JSON object, or an empty one."""
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _size(said: dict[str, Any]) -> Resize:
    columns, rows = (said.get(name) for name in ("columns", "rows"))
    good = [min(max(each, 1), MOST_COLUMNS) if isinstance(each, int) else None for each in (columns, rows)]
    return Resize(good[0] or 80, good[1] or 24)


def _place(row: Terminal) -> dict[str, str]:
    return {"cluster": row.cluster, "pod": row.pod, "container": row.container}


def _in_thread(work: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """A terminal lives for minutes and must not hold a connection all the while."""

    def run(*given: Any, **named: Any) -> Any:
        try:
            return work(*given, **named)
        finally:
            if not connection.in_atomic_block:
                connection.close()

    return sync_to_async(run)
