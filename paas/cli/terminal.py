"""This machine's terminal joined to a terminal of the control plane, over its web socket.

The only module that imports websockets. What is typed goes as it is typed where standard input is a terminal, and as it
is read where it is a file or a pipe; then its end is told.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from paas.cli.errors import UnreachableError

CONNECT_SECONDS = 10
PIECE = 16 * 1024
ERRORS = 2


@dataclass(frozen=True)
class Ended:
    """How it ended: a word, a sentence, and the command's exit code where it has one."""

    ending: str
    message: str
    exit_code: int | None


def joined(server: str, terminal: str, ticket: str, *, as_terminal: bool) -> Ended:
    """Carry input and output until the terminal ends.

    Raises:
        UnreachableError: no web socket, or it broke off.
    """
    address = f"ws{server.removeprefix('http')}/api/v1/terminals/{terminal}/socket/"
    secure = ssl.create_default_context() if address.startswith("wss:") else None
    try:
        with connect(address, ssl=secure, open_timeout=CONNECT_SECONDS, max_size=None) as socket:
            socket.send(json.dumps({"ticket": ticket, **_size()}))
            with _raw() if as_terminal else _plain(), _resizing(socket, as_terminal):
                return _until_ended(socket)
    except (ConnectionClosed, InvalidHandshake, OSError) as error:
        raise UnreachableError(f"The terminal broke off: {error}", code="unreachable") from None


def _until_ended(socket: ClientConnection) -> Ended:
    for message in socket:
        if isinstance(message, bytes):
            _print(message)
            continue
        said: dict[str, Any] = json.loads(message)
        if said["event"] == "started":
            threading.Thread(target=_typed, args=(socket,), daemon=True).start()
        elif said["event"] == "ended":
            return Ended(str(said["ending"]), str(said.get("message") or ""), said.get("exit_code"))
    raise UnreachableError("The terminal broke off without saying how it ended.", code="unreachable")


def _print(message: bytes) -> None:
    to = sys.stderr if message[0] == ERRORS else sys.stdout
    to.buffer.write(message[1:])
    to.buffer.flush()


def _typed(socket: ClientConnection) -> None:
    """Standard input, read without Python's buffer; a terminal has no end of input, it sends a ^D."""
    try:
        while piece := os.read(sys.stdin.fileno(), PIECE):
            socket.send(piece)
        socket.send(json.dumps({"end_of_input": True}))
    except (ConnectionClosed, OSError):
        return


def _size() -> dict[str, int]:
    """Of the window that is typed in, whatever COLUMNS says of it; {} where standard input is none."""
    try:
        columns, rows = os.get_terminal_size(sys.stdin.fileno())
    except OSError:
        return {}
    return {"columns": columns, "rows": rows}


@contextmanager
def _raw() -> Iterator[None]:
    """Each key goes to the command as it is, ^C as well."""
    here = sys.stdin.fileno()
    before = termios.tcgetattr(here)
    # What was typed ahead is kept.
    tty.setraw(here, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(here, termios.TCSADRAIN, before)


@contextmanager
def _plain() -> Iterator[None]:
    yield


@contextmanager
def _resizing(socket: ClientConnection, on: bool) -> Iterator[None]:
    """Tell of the window's changes. In a thread: a signal may come while the socket is held."""
    if not on:
        yield
        return
    before = signal.signal(
        signal.SIGWINCH, lambda *_: threading.Thread(target=_tell_size, args=(socket,), daemon=True).start()
    )
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _tell_size(socket: ClientConnection) -> None:
    try:
        socket.send(json.dumps(_size()))
    except (ConnectionClosed, OSError):
        return
