"""A command in a container of a member cluster, with its input and output: `pods/exec` over a web socket.

The other place, beside `stream`, that calls a cluster inside a request. The caller has asked for permission. Nothing is
kept of what goes through: reading waits for who reads, writing for the container.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from urllib.parse import quote

from clusters.client import ClusterClient, Endpoint
from clusters.credentials import request_token
from clusters.faults import ApiRefused, ClusterFault, Unreachable
from clusters.sessions import Access
from clusters.stream import POD

ACCOUNT = "dougong-exec"
TEAM_ACCOUNT = "dougong-team"
"""In each namespace of an environment the account as which its team acts there by hand."""
PERSON = "dougong.dev/person"
"""Beside it the cluster's audit log has the person, under this key."""
PROTOCOL = "v5.channel.k8s.io"
# The shortest life a cluster gives a token.
SHORTEST_TOKEN = 600
NOT_FOUND = 404
FORBIDDEN = 403
# Of a shell: the command was not found, or could not be started.
NOT_STARTED = 126


class NotGranted(ClusterFault):
    """The cluster has not granted terminals (deploy/member/exec), or not in this namespace."""


class ContainerGone(ClusterFault):
    """There is no such pod or container any more."""


class Channel(IntEnum):
    """The first byte of a message."""

    INPUT = 0
    OUTPUT = 1
    ERRORS = 2
    STATUS = 3
    SIZE = 4
    CLOSE = 255


@dataclass(frozen=True, slots=True)
class Place:
    """A container of a pod."""

    namespace: str
    pod: str
    container: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, and what Kubernetes says where it could not run."""

    exit_code: int
    message: str = ""


async def identity(minter: Access, person: str, namespace: str, *, seconds: int) -> Endpoint:
    """As whom a terminal connects: the team's account in that namespace, with `person`, who sits before it, beside it.

    The account of terminals speaks for it, with a token of its own for this one, and may do nothing else. Without a
    `namespace` it speaks for itself, as on clusters that were joined when people were not named yet.

    Raises:
        NotGranted: the cluster has no such account, or the minter may not speak for it.
        ClusterFault: any other failure.
    """
    client = ClusterClient(minter.endpoint)
    try:
        minted = await request_token(client, ACCOUNT, seconds=max(seconds, SHORTEST_TOKEN))
    except ApiRefused as refusal:
        if refusal.status in (FORBIDDEN, NOT_FOUND):
            raise NotGranted(str(refusal)) from refusal
        raise
    finally:
        await client.close()
    there = minter.endpoint
    headers = _spoken_for(namespace, person) if namespace else ()
    return Endpoint(there.server, there.ca_data, token=minted.token, allowed=there.allowed, headers=headers)


def _spoken_for(namespace: str, person: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Impersonate-User", f"system:serviceaccount:{namespace}:{TEAM_ACCOUNT}"),
        # A header holds no more than ASCII; so does the name as the audit log has it.
        (f"Impersonate-Extra-{quote(PERSON, safe='')}", quote(person, safe="@.+-_")),
    )


async def places(access: Access, namespace: str, selector: str, *, label: str) -> list[Place]:
    """Containers that run, each the one of its pod that its label `label` names; ready ones first, then the newest.

    Raises:
        ClusterFault: the cluster did not answer.
    """
    client = ClusterClient(access.endpoint)
    try:
        pods, _ = await client.list(POD, namespace, selector=selector)
    finally:
        await client.close()
    found = [(_order(pod), pod) for pod in pods if _runs(pod, label)]
    return [
        Place(namespace, str(pod["metadata"]["name"]), str(pod["metadata"]["labels"][label]))
        for _, pod in sorted(found, key=lambda each: each[0], reverse=True)
    ]


@asynccontextmanager
async def opened(endpoint: Endpoint, place: Place, command: Sequence[str], *, tty: bool) -> AsyncIterator[Terminal]:
    """Start a command; leaving hangs up.

    Raises:
        NotGranted, ContainerGone, ClusterFault: it was not started.
    """
    client = ClusterClient(endpoint)
    flags = {"stdin": "true", "stdout": "true", "stderr": str(not tty).lower(), "tty": str(tty).lower()}
    params = [("container", place.container), *flags.items(), *(("command", word) for word in command)]
    path = f"{POD.path(place.namespace, place.pod)}/exec"
    try:
        async with client.websocket(path, params, protocol=PROTOCOL) as socket:
            yield Terminal(socket)
    except ApiRefused as refusal:
        if refusal.status == FORBIDDEN:
            raise NotGranted(str(refusal)) from refusal
        if refusal.status in (NOT_FOUND, 400):
            raise ContainerGone(f"no container {place.container} in pod {place.pod}") from refusal
        raise
    finally:
        await client.close()


class Terminal:
    """A running command."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self.ended: Ended | None = None

    async def read(self) -> AsyncIterator[tuple[Channel, bytes]]:
        """Pieces of OUTPUT and ERRORS until the command ends; `ended` is then set.

        Raises:
            Unreachable: the line broke off before.
        """
        async for message in self._socket:
            data = message.data if isinstance(message.data, bytes) else str(message.data).encode()
            channel, piece = (data[0], data[1:]) if data else (Channel.CLOSE, b"")
            if channel == Channel.STATUS:
                self.ended = _ended(json.loads(piece))
                return
            if channel in (Channel.OUTPUT, Channel.ERRORS) and piece:
                yield Channel(channel), piece
        raise Unreachable("the connection to the container broke off")

    async def write(self, piece: bytes) -> None:
        """To the command's input; returns when there is room for more."""
        await self._send(Channel.INPUT, piece)

    async def end_input(self) -> None:
        """The command reads its end."""
        await self._send(Channel.CLOSE, bytes([Channel.INPUT]))

    async def resize(self, columns: int, rows: int) -> None:
        """Of a terminal's window."""
        await self._send(Channel.SIZE, json.dumps({"Width": columns, "Height": rows}).encode())

    async def _send(self, channel: Channel, piece: bytes) -> None:
        try:
            await self._socket.send_bytes(bytes([channel]) + piece)
        except (ConnectionError, RuntimeError) as fault:
            raise Unreachable(f"the connection to the container broke off ({type(fault).__name__})") from fault


def _ended(status: Mapping[str, Any]) -> Ended:
    """From the Status that ends an exec."""
    if status.get("status") == "Success":
        return Ended(0)
    causes = (status.get("details") or {}).get("causes") or ()
    for cause in causes:
        if cause.get("reason") == "ExitCode" and str(cause.get("message")).isdecimal():
            return Ended(int(cause["message"]))
    return Ended(NOT_STARTED, str(status.get("message") or "it was not started")[:500])


def _runs(pod: Mapping[str, Any], label: str) -> bool:
    name = (pod["metadata"].get("labels") or {}).get(label)
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    running = any(each.get("name") == name and "running" in (each.get("state") or {}) for each in statuses)
    return running and not pod["metadata"].get("deletionTimestamp")


def _order(pod: Mapping[str, Any]) -> tuple[bool, str]:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
    return ready, str(pod["metadata"].get("creationTimestamp") or "")
