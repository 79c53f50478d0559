"""Whatever a watch breaks off at or is filled with: no change is missed, none is made up, and the stream goes on.

`recorded.jsonl` was recorded from an API server 1.34.4: a list, what a watch then said, and the list after it.
"""

import asyncio
import contextlib
import json
import random
from pathlib import Path

import pytest
from aiohttp import web

from clusters import client
from clusters.client import ClusterClient, Endpoint
from clusters.kinds import WELL_KNOWN
from clusters.watch import stream
from clusters.watch.stream import Change, Listed, follow

pytestmark = pytest.mark.enable_socket

BEFORE, *LINES, AFTER = (Path(__file__).parent / "recorded.jsonl").read_bytes().splitlines()
RECORDED = b"".join(line + b"\n" for line in LINES)
ENDS = [sum(len(line) + 1 for line in LINES[: number + 1]) - 1 for number in range(len(LINES))]
EVENTS = [json.loads(line) for line in LINES]
CONFIG_MAP = WELL_KNOWN["v1", "ConfigMap"]
TOO_OLD = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}


def objects(page):
    found = [{"apiVersion": "v1", "kind": "ConfigMap", **item} for item in json.loads(page)["items"]]
    return {each["metadata"]["uid"]: each for each in found}


def version(page):
    return json.loads(page)["metadata"]["resourceVersion"]


class View:
    """What one who is told would take to be on the cluster."""

    def __init__(self):
        self.objects, self.told, self.lists = {}, [], 0

    async def tell(self, news):
        if isinstance(news, Change):
            self.told.append(news.body)
            self.objects[news.body["metadata"]["uid"]] = news.body
            if news.gone:
                del self.objects[news.body["metadata"]["uid"]]
        elif isinstance(news, Listed):
            self.objects = {uid: body for uid, body in self.objects.items() if uid in news.uids}
            self.lists += 1


async def answered(request, body, *, ends=True):
    """Send a stream's bytes; `ends` as HTTP has it, or else the connection just closes."""
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    if body:
        await response.write(body)
    if not ends:
        request.transport.close()
    return response


async def followed(serve, view, over, resource=CONFIG_MAP):
    """Follow what `serve(request)` answers until `over` is set."""
    server = web.Server(serve)
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    reader = ClusterClient(Endpoint(f"http://127.0.0.1:{port}", "", allowed=("127.0.0.0/8",)))
    following = asyncio.create_task(follow(reader, None, resource, view.tell))
    ending = asyncio.create_task(over.wait())
    try:
        async with asyncio.timeout(600):
            await asyncio.wait((following, ending), return_when=asyncio.FIRST_COMPLETED)
        assert not following.done(), following.exception()
    finally:
        for each in (following, ending):
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await each
        await reader.close()
        listening.close()
        await server.shutdown(0)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(stream, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(stream, "LONGEST_PAUSE", 0.0)


class Recording:
    """An API server whose history is the recording, and whose first watch of it is cut after `cut` bytes."""

    def __init__(self, view, cuts, *, ends):
        self.view, self.cuts, self.ends, self.over = view, iter(cuts), ends, asyncio.Event()
        self.cut, self.fresh, self.told = next(self.cuts), True, 0

    async def serve(self, request):
        if "watch" not in request.query:
            return web.json_response(text=(BEFORE if self.fresh else AFTER).decode())
        since = request.query["resourceVersion"]
        if self.fresh:
            assert (since, self.view.objects) == (version(BEFORE), objects(BEFORE))
            self.fresh, self.view.told = False, []
            return await answered(request, RECORDED[: self.cut], ends=self.ends)
        if since == version(AFTER):
            return await self.begin_again(request)
        later = [line for line, event in zip(LINES, EVENTS, strict=True) if since < place(event)]
        return await answered(request, b"".join(line + b"\n" for line in later))

    async def begin_again(self, request):
        """All is told by now; the history is cut elsewhere."""
        whole = [
            event["object"]
            for event, end in zip(EVENTS, ENDS, strict=True)
            if event["type"] != "BOOKMARK" and self.cut >= end + (not self.ends)
        ]
        assert self.view.told[: len(whole)] == whole, f"cut at {self.cut}: what came whole is told"
        assert all(each in KNOWN for each in self.view.told), f"cut at {self.cut}: nothing is made up"
        assert self.view.objects == objects(AFTER), f"cut at {self.cut}: nothing is missed"
        self.cut, self.fresh, self.told = next(self.cuts, None), True, self.told + len(self.view.told)
        if self.cut is None:
            self.over.set()
        return await answered(request, json.dumps(TOO_OLD).encode() + b"\n")


def place(event):
    return event["object"]["metadata"]["resourceVersion"]


KNOWN = [*objects(BEFORE).values(), *objects(AFTER).values(), *(each["object"] for each in EVENTS)]


def some():
    """A seeded sample of the bytes, and those about the ends of lines."""
    about = {end + shift for end in ENDS for shift in (-1, 0, 1)}
    return sorted({0, *about, *random.Random(20261124).sample(range(len(RECORDED)), 60)})


@pytest.mark.parametrize(
    "cuts",
    [
        pytest.param(some(), id="some"),
        pytest.param(range(len(RECORDED) + 1), id="every", marks=[pytest.mark.soak, pytest.mark.timeout(600)]),
    ],
)
@pytest.mark.parametrize("ends", [False, True], ids=["broken-off", "ended"])
def test_a_watch_that_is_cut_at_any_byte(ends, cuts, soak_result):
    async def run():
        view, failures = View(), []
        recording = Recording(view, cuts, ends=ends)

        async def serve(request):
            try:
                return await recording.serve(request)
            except AssertionError as failure:
                failures.append(failure)
                recording.over.set()
                raise

        await followed(serve, view, recording.over)
        assert not failures, failures[0]
        soak_result("streams_are_cut", cuts=len(cuts), changes_told=recording.told)

    asyncio.run(run())


GARBAGE = [
    b"\xff\xfe",
    b"<html>Welcome</html>",
    b"null",
    b"5",
    b"[]",
    b"{}",
    b'{"type":"ADDED"}',
    b'{"type":"ADDED","object":5}',
    b'{"type":"ADDED","object":{}}',
    b'{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"1"}}}',
    LINES[0].replace(b'"kind":"ConfigMap"', b'"kind":"Secret"'),
    LINES[0].replace(b'"uid":"', b'"di":"'),
    LINES[0].replace(b'"namespace":"', b'"ecapseman":"'),
    b'{"type":"BOOKMARK","object":{"metadata":{}}}',
    b'{"type":"ERROR"}',
    b'{"type":"ERROR","object":"no"}',
    b'{"type":"ERROR","object":{"code":"no"}}',
]


def test_a_watch_that_is_filled_with_garbage():
    """What came before it is told, it itself is not, and all is listed again."""

    async def run():
        view, over, given = View(), asyncio.Event(), iter(GARBAGE)

        async def serve(request):
            if "watch" not in request.query:
                return web.json_response(text=BEFORE.decode())
            garbage = next(given, None)
            if garbage is None:
                over.set()
                return await answered(request, b"")
            return await answered(request, LINES[0] + b"\n" + garbage + b"\n" + LINES[2] + b"\n")

        await followed(serve, view, over)
        assert view.lists == len(GARBAGE) + 1
        per_list = [*objects(BEFORE).values(), EVENTS[0]["object"]]
        assert view.told == [*per_list * len(GARBAGE), *objects(BEFORE).values()]

    asyncio.run(run())


PAGES = {
    "cut": {"body": AFTER[:-40]},
    "no list": {"body": b'{"kind":"ConfigMapList"}'},
    "an item of no kind": {"body": AFTER.replace(b'"uid"', b'"di"')},
    "failed": {"status": 500},
    "expired": {"status": 410, "body": b'{"kind":"Status","metadata":{},"code":410,"reason":"Expired"}'},
}


@pytest.mark.parametrize("fault", PAGES)
def test_a_list_that_breaks_at_its_second_page(fault, monkeypatch):
    """A part of a list is never told as the whole of it; nothing of a page that makes no sense is told."""
    monkeypatch.setattr(client, "READ_TRIES", 1)
    first = BEFORE.replace(b'"resourceVersion":"12310"}', b'"resourceVersion":"12310","continue":"more"}', 1)

    async def run():
        view, over, asked = View(), asyncio.Event(), []

        async def serve(request):
            asked.append(request.query.get("continue"))
            if "watch" in request.query:
                over.set()
                return await answered(request, b"")
            if asked.count("more") > 2:
                return web.Response(body=AFTER)
            return web.Response(**PAGES[fault]) if asked[-1] else web.Response(body=first)

        await followed(serve, view, over)
        assert asked.count("more") == 3
        assert view.lists == 1
        assert {each["metadata"]["uid"] for each in view.told} == objects(BEFORE).keys() | objects(AFTER).keys()

    asyncio.run(run())


def test_a_server_that_ends_each_watch_at_once_is_given_a_pause(monkeypatch):
    """Between two of its answers it is listed again, as after any other fault."""
    monkeypatch.setattr(stream, "FIRST_PAUSE", 0.02)

    async def run():
        view, over, asked = View(), asyncio.Event(), []

        async def serve(request):
            asked.append("watch" in request.query)
            if len(asked) == 8:
                over.set()
            return await answered(request, b"") if asked[-1] else web.Response(body=BEFORE)

        await followed(serve, view, over)
        assert asked[:8] == [False, True] * 4

    asyncio.run(run())
