"""A live view sends the whole state on connect and after each hint, and depends on no hint."""

import asyncio
from contextlib import aclosing

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError, transaction

from paas.core import sse
from paas.core.errors import NotFound, Unavailable

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def state():
    return {"number": 1}


@pytest.fixture
def patient(monkeypatch):
    """Time alone brings nothing within the test."""
    monkeypatch.setattr(sse, "HEARTBEAT", 600)
    monkeypatch.setattr(sse, "POLL", 600)
    monkeypatch.setattr(sse, "ASK_AGAIN", 600)
    monkeypatch.setattr(sse, "READ_AGAIN", 600)


@pytest.fixture
def without_valkey(settings, monkeypatch):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"redis_url": NOWHERE})
    monkeypatch.setattr(sse, "_client", None)


async def following(events):
    """The next state, whatever heartbeats come before it."""
    async with asyncio.timeout(20):
        async for chunk in events:
            if chunk.startswith(b"event: state\ndata: "):
                return orjson.loads(chunk.split(b"data: ", 1)[1])
    return None


def test_on_connect_and_after_a_hint(valkey, patient, state):
    async def watch():
        async with aclosing(sse.events(lambda: dict(state), "app-1")) as events:
            assert await following(events) == {"number": 1}
            state["number"] = 2
            await asyncio.to_thread(sse._publish, "app-1")
            assert await following(events) == {"number": 2}

    async_to_sync(watch)()


def test_a_page_of_two_kinds_of_things_hears_of_both(valkey, patient, state):
    async def watch():
        async with aclosing(sse.events(lambda: dict(state), "clusters", "works")) as events:
            await following(events)
            for number, channel in enumerate(("works", "clusters"), start=2):
                state["number"] = number
                await asyncio.to_thread(sse._publish, channel)
                assert await following(events) == {"number": number}

    async_to_sync(watch)()


def test_a_page_that_nobody_hints_at_is_not_read_at_each_heartbeat(valkey, monkeypatch):
    monkeypatch.setattr(sse, "HEARTBEAT", 0.01)
    read = []

    async def watch():
        async with aclosing(sse.events(lambda: read.append(1) or {}, "app-1")) as events:
            return [await anext(events) for _ in range(12)]

    _, first, *others = async_to_sync(watch)()
    assert first.startswith(b"event: state")
    assert others == [b": unchanged\n\n"] * 10
    assert len(read) == 1


def test_it_is_read_again_after_a_while_all_the_same(valkey, monkeypatch, state):
    """A hint may be lost."""
    monkeypatch.setattr(sse, "ASK_AGAIN", 0.01)

    async def watch():
        async with aclosing(sse.events(lambda: dict(state), "app-1")) as events:
            await following(events)
            state["number"] = 2
            assert await following(events) == {"number": 2}

    async_to_sync(watch)()


def test_meanwhile_it_is_asked_alone_whether_the_reader_may_go_on(valkey, monkeypatch):
    monkeypatch.setattr(sse, "ASK_AGAIN", 0.01)
    read, asked = [], []

    async def watch():
        source = sse.events(lambda: read.append(1) or {}, "app-1", still=lambda: asked.append(1))
        async with aclosing(source) as events:
            await following(events)
            while len(asked) < 3:
                assert await anext(events) == b": unchanged\n\n"

    async_to_sync(watch)()
    assert len(read) == 1


def test_whoever_may_not_is_told_without_a_hint(valkey, monkeypatch):
    monkeypatch.setattr(sse, "ASK_AGAIN", 0.01)

    def still():
        raise NotFound("app_not_found", "There is no such application.")

    async def watch():
        async with aclosing(sse.events(dict, "app-1", still=still)) as events:
            return [chunk async for chunk in events]

    *_, last = async_to_sync(watch)()
    assert last.startswith(b"event: refused")


def test_in_the_end_the_whole_is_read_again_for_them_too(valkey, monkeypatch, state):
    for waits in ("ASK_AGAIN", "READ_AGAIN"):
        monkeypatch.setattr(sse, waits, 0.01)

    async def watch():
        async with aclosing(sse.events(lambda: dict(state), "app-1", still=lambda: None)) as events:
            await following(events)
            state["number"] = 2
            assert await following(events) == {"number": 2}

    async_to_sync(watch)()


def test_a_hint_has_the_whole_read(valkey, patient, state):
    async def watch():
        async with aclosing(sse.events(lambda: dict(state), "app-1", still=lambda: None)) as events:
            await following(events)
            state["number"] = 2
            await asyncio.to_thread(sse._publish, "app-1")
            assert await following(events) == {"number": 2}

    async_to_sync(watch)()


def test_another_channel_s_hint_is_not_heard(valkey, monkeypatch, state):
    read = []

    def snapshot():
        read.append(1)
        return dict(state)

    async def watch():
        async with aclosing(sse.events(snapshot, "app-1")) as events:
            await following(events)
            await asyncio.to_thread(sse._publish, "app-2")
            await asyncio.to_thread(sse._publish, "app-1")
            state["number"] = 2
            await following(events)

    async_to_sync(watch)()
    assert len(read) == 2


def test_without_valkey_the_state_still_arrives(without_valkey, monkeypatch, state):
    monkeypatch.setattr(sse, "POLL", 0.01)

    async def watch():
        async with aclosing(sse.events(lambda: dict(state), "app-1")) as events:
            assert await following(events) == {"number": 1}
            state["number"] = 2
            assert await following(events) == {"number": 2}

    async_to_sync(watch)()


def test_what_has_not_changed_is_not_sent_again(without_valkey, monkeypatch, state):
    monkeypatch.setattr(sse, "POLL", 0.01)

    async def watch():
        async with aclosing(sse.events(lambda: dict(state), "app-1")) as events:
            return [await anext(events) for _ in range(4)]

    _, first, *others = async_to_sync(watch)()
    assert first.startswith(b"event: state")
    assert others == [b": unchanged\n\n"] * 2


def test_a_permission_that_is_gone_ends_the_stream(without_valkey, monkeypatch, state):
    monkeypatch.setattr(sse, "POLL", 0.01)
    answers = iter([state])

    def snapshot():
        try:
            return next(answers)
        except StopIteration:
            raise NotFound("team_not_found", "There is no such team.") from None

    async def watch():
        return [chunk async for chunk in sse.events(snapshot, "app-1")]

    last = async_to_sync(watch)()[-1]
    assert last.startswith(b"event: refused")
    assert b"team_not_found" in last


def test_a_database_that_ends_ends_the_stream(without_valkey, monkeypatch, state):
    """Without an error: the browser connects again and reads anew."""
    monkeypatch.setattr(sse, "POLL", 0.01)
    answers = iter([state])

    def snapshot():
        try:
            return next(answers)
        except StopIteration:
            raise OperationalError("terminating connection due to administrator command") from None

    async def watch():
        return [chunk async for chunk in sse.events(snapshot, "app-1")]

    chunks = async_to_sync(watch)()
    assert len(chunks) == 2
    assert chunks[-1].startswith(b"event: state")
    assert sse._open == 0


def test_a_stream_ends_itself(without_valkey, state):
    async def watch():
        return [chunk async for chunk in sse.events(lambda: dict(state), "app-1", lifetime=0)]

    assert len(async_to_sync(watch)()) == 2
    assert sse._open == 0


def test_streams_are_bounded(settings, state, monkeypatch):
    monkeypatch.setattr(sse, "_open", settings.DOUGONG.stream_limit)
    with pytest.raises(Unavailable) as refusal:
        sse.stream(lambda: dict(state), "app-1")
    assert refusal.value.code == "too_many_streams"


def test_a_hint_is_sent_when_the_change_is_there(valkey, monkeypatch, django_capture_on_commit_callbacks, db):
    sent = []
    monkeypatch.setattr(sse, "_publish", sent.append)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        sse.hint("app-1")
        assert sent == []
    assert sent == ["app-1"]


def test_a_hint_that_cannot_be_sent_disturbs_nobody(without_valkey, db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        sse.hint("app-1")


def test_a_list_that_is_watched_says_nothing_while_nothing_differs(without_valkey, monkeypatch):
    monkeypatch.setattr(sse, "POLL", 0.001)
    rows = {"a": 1, "b": 1}

    async def watch():
        answer = sse.watch(lambda: ([{"id": key, "is": value} for key, value in rows.items()], False), "list-1")
        async with asyncio.timeout(20), aclosing(answer._iterator) as chunks:
            assert await anext(chunks) == b"retry: 2000\n\n"
            first = b'{"results":[{"id":"a","is":1},{"id":"b","is":1}],"more":false}'
            assert await anext(chunks) == b"event: state\ndata: " + first + b"\n\n"
            assert {await anext(chunks) for _ in range(3)} == {b": unchanged\n\n"}
            del rows["a"]
            rows["b"] = 2
            gone, new = b'event: removed\ndata: {"id":"a"}\n\n', b'event: changed\ndata: {"id":"b","is":2}\n\n'
            assert await anext(chunks) == gone + new
            assert await anext(chunks) == b": unchanged\n\n"

    async_to_sync(watch)()
    assert sse._open == 0
