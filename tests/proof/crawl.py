"""Goes everywhere as somebody, and listens for what must not be heard.

`Ear` collects finds; `Walker` is a person (or nobody) with a token for the API and a session for the console.
"""

from __future__ import annotations

import html
import io
import json
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient, Client
from django.urls import Resolver404, resolve
from kombu.transport.memory import Channel
from rest_framework.test import APIClient

from paas.identity.models import User
from paas.logs import configure
from tests.proof.canary import Net
from tests.proof.operations import OPERATIONS, STREAMS, Operation
from tests.proof.tenants import Tenant

LINK = re.compile(r"""(?:href|action|src|data-[a-z-]+)=["'](/(?:console|api)/[^"'#]*)""")
# Of one page with one set of parameters.
MOST_OF_A_KIND = 3
MOST_CHUNKS = 8
# They end the session or choose a language.
LEFT_ALONE = ("/console/logout/", "/console/language/")


@dataclass
class Ear:
    """What was heard where it must not be."""

    net: Net
    leaks: list[str] = field(default_factory=list)
    heard: Counter[str] = field(default_factory=Counter)

    def hear(self, where: str, data: bytes | str, *, but: frozenset[str] = frozenset()) -> None:
        """Listen; `but` are the names of secrets that belong there."""
        self.heard[where.split(maxsplit=1)[0]] += len(data)
        self.leaks += [f"{where}: {each}" for each in self.net.found(data, but=but)]

    def answer(self, where: str, answer: Any, *, but: frozenset[str] = frozenset()) -> Any:
        """The same of an answer, its headers too."""
        body = b"".join(answer) if answer.streaming else answer.content
        head = "\n".join(f"{name}: {value}" for name, value in answer.items())
        self.hear(where, head.encode() + b"\n\n" + body, but=but)
        return answer


@dataclass
class Walked:
    """What answered: the names of views, and the addresses of pages."""

    views: set[str] = field(default_factory=set)
    addresses: list[str] = field(default_factory=list)


@dataclass
class Walker:
    """Somebody: `user` None is nobody. `may_hear` are names of secrets by operation or view."""

    name: str
    ear: Ear
    user: User | None = None
    token: str = ""
    may_hear: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def api(self) -> APIClient:
        """With the token."""
        made = APIClient(raise_request_exception=False)
        if self.token:
            made.credentials(HTTP_AUTHORIZATION=f"Bearer {self.token}")
        return made

    def ask(self, operation: Operation, of: Tenant, *, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """One operation about a tenant."""
        address = operation.address(operation.places(of), {**operation.query(of), **(query or {})})
        where = f"api {self.name} {operation.method} {address}"
        but = self.may_hear.get(operation.id, frozenset())
        if operation.id in STREAMS:
            self.ear.hear(where, async_to_sync(beginning)(address, token=self.token), but=but)
            return None
        headers = {} if operation.reads else {"If-Match": "*"}
        return self.ear.answer(where, getattr(self.api, operation.method)(address, body, headers=headers), but=but)

    def read_all(self, of: Tenant) -> None:
        """Every operation that reads, about that tenant."""
        for operation in (each for each in OPERATIONS if each.reads):
            self.ask(operation, of)
        export = next(each for each in OPERATIONS if each.id == "audit_export")
        self.ask(export, of, query={"as": "csv"})
        config = [each for each in OPERATIONS if each.id in ("config_retrieve", "config_history")]
        names = {"platform": "", "cluster": "east", "team": of.team.name, "project": of.project.name,
                 "environment": f"{of.project.name}/{of.application.name}/production"}  # fmt: skip
        for operation in config:
            for scope, name in names.items():
                self.ask(operation, of, query={"scope": scope, "of": name})

    def walk(self, *starts: str) -> Walked:
        """Every page of the console that links lead to."""
        client = Client(raise_request_exception=False)
        if self.user is not None:
            client.force_login(self.user)
            self.ear.net.plant(f"a session of {self.name}", client.session.session_key)
        seen: Counter[Any] = Counter()
        walked = Walked()
        left = ["/console/", *starts]
        while left:
            address = left.pop()
            if (kind := _kind(address)) is None or seen[kind] >= MOST_OF_A_KIND or seen[address]:
                continue
            seen[kind] += 1
            seen[address] += 1
            found = client.get(address)
            where, but = f"console {self.name} {address}", self.may_hear.get(kind[0], frozenset())
            if found.streaming:
                found.close()
                data = async_to_sync(beginning)(address, user=self.user)
                self.ear.hear(where, data, but=but)
            else:
                self.ear.answer(where, found, but=but)
                data = found.content
            if found.status_code == 200:
                walked.views.add(kind[0])
                walked.addresses += [] if found.streaming else [address]
            left += [html.unescape(each) for each in LINK.findall(data.decode(errors="replace"))]
        return walked


def _kind(address: str) -> tuple[str, frozenset[str]] | None:
    """Which view, with which parameters; None where it is no page to be read."""
    parts = urlsplit(address)
    if parts.path in LEFT_ALONE or parts.path.startswith("/static/"):
        return None
    try:
        view = resolve(parts.path).view_name
    except Resolver404:
        return None
    return view, frozenset(name for name, _ in parse_qsl(parts.query))


async def beginning(address: str, *, token: str = "", user: User | None = None) -> bytes:
    """What a stream says before it waits for something to happen, or the whole answer where it is none."""
    client = AsyncClient(raise_request_exception=False)
    if user is not None:
        await client.aforce_login(user)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await client.get(address, headers=headers)
    if not answer.streaming:
        return bytes(answer.content)
    return b"".join([chunk async for chunk in _first(answer.streaming_content)])


async def _first(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Up to the first state."""
    left = MOST_CHUNKS
    async for chunk in chunks:
        yield chunk
        left -= 1
        if not left or chunk.startswith(b"event: "):
            break
    await chunks.aclose()


@contextmanager
def log() -> Iterator[io.StringIO]:
    """All that anybody logs meanwhile, in both styles, down to the least important."""
    text, root = io.StringIO(), logging.getLogger()
    before = root.level
    handlers = []
    for style in ("json", "console"):
        formatter = dict(configure(style=style, level="DEBUG")["formatters"]["structlog"])
        handler = logging.StreamHandler(text)
        handler.setFormatter(formatter.pop("()")(**formatter))
        handlers.append(handler)
        root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)


def messages() -> list[str]:
    """What lies in the queues of Celery as it would go over the wire."""
    return [json.dumps(message) for queue in Channel.queues.values() for message in list(queue.queue)]


def dump() -> dict[str, bytes]:
    """Every table as `COPY` writes it, which is what pg_dump does."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                found[table] = b"".join(bytes(each) for each in rows)
    return found
