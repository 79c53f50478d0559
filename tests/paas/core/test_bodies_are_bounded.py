"""Whoever sends too much is refused while it comes in; whoever nests too deep is told that it cannot be read."""

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator
from rest_framework.test import APIClient

from paas.core.bodies import MOST_BYTES, limited


def talk(*chunks, length=None):
    """What the client hears, and how many bytes of the body the application was handed."""
    handed = []

    async def application(scope, receive, send):
        while (message := await receive())["type"] == "http.request":
            handed.append(len(message["body"]))
            if not message.get("more_body"):
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"taken"})
                return

    async def go():
        headers = [(b"content-length", str(length).encode())] if length is not None else []
        scope = {"type": "http", "method": "POST", "path": "/api/v1/login", "headers": headers}
        talking = ApplicationCommunicator(limited(application), scope)
        for number, chunk in enumerate(chunks, 1):
            await talking.send_input({"type": "http.request", "body": chunk, "more_body": number < len(chunks)})
        heard = [await talking.receive_output(5), await talking.receive_output(5)]
        await talking.wait(5)
        assert await talking.receive_nothing()
        return heard

    start, body = asyncio.run(go())
    return start["status"], body["body"], sum(handed)


def test_what_fits_is_handed_on():
    assert talk(b"x" * MOST_BYTES) == (200, b"taken", MOST_BYTES)
    assert talk(b"x", b"", b"y", length=2) == (200, b"taken", 2)


def test_too_large_by_its_own_word_is_not_even_begun():
    status, body, handed = talk(b"x", length=MOST_BYTES + 1)
    assert (status, json.loads(body)["code"], handed) == (413, "body_too_large", 0)


@pytest.mark.parametrize("length", [None, 10])
def test_too_large_in_pieces_ends_at_the_limit(length):
    piece = b"x" * (MOST_BYTES // 4)
    status, body, handed = talk(*[piece] * 9, length=length)
    assert (status, json.loads(body)["code"], handed) == (413, "body_too_large", MOST_BYTES)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, '{"username": ' + "[" * 5_000 + "]" * 5_000 + "}"])
def test_too_deep_is_unreadable_for_anybody(db, body):
    answer = APIClient().post("/api/v1/login", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] in ("body_unreadable", "invalid")


def test_all_that_is_served_is_bounded():
    """Django is not reached beside it."""
    from paas import asgi

    heard = []

    async def send(message):
        heard.append(message)

    async def receive():
        raise AssertionError("nothing is read")

    length = [(b"content-length", b"1000000000")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": length}
    asyncio.run(asgi.application(scope, receive, send))
    assert heard[0]["status"] == 413
