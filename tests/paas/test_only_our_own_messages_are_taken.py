"""What Celery itself sends for us is taken, what differs from it in any part is not."""

import json

import pytest
from kombu.transport.memory import Channel

import paas.broker
from paas.broker import MOST_BYTES, wrong
from paas.celery import app
from tests.proof.forgery import GARBAGE, message


@pytest.fixture
def sent():
    """As `send_task` puts it on the wire."""

    def send(name="clusters.tasks.sweep", **options):
        for queue in Channel.queues.values():
            queue.queue.clear()
        app.send_task(name, queue="sweep", **options)
        return json.loads(json.dumps(Channel.queues["sweep"].get_nowait()))

    return send


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("clusters.tasks.reconcile_due", {"args": [0], "ignore_result": True}),
        ("clusters.tasks.probe_cluster", {"args": ["0d1f7a52-1b7c-4d6e-9f53-0c8a4b1f2e3d"]}),
        ("apps.tasks.roll_up", {"expires": 30}),
        ("paas.identity.tasks.remove_expired_tokens", {}),
    ],
)
def test_ours(sent, name, options):
    assert wrong(sent(name, **options)) == ""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"task": "os.system"}, "no task of ours"),
        ({"task": "celery.chain"}, "no task of ours"),
        ({"task": None}, "no message"),
        ({"task": []}, "no message"),
        ({"content_type": "application/x-python-serialize"}, "no message"),
        ({"encoding": "binary"}, "no message"),
        ({"compression": "zlib"}, "packed"),
        ({"eta": "2999-01-01T00:00:00+00:00"}, "another time"),
        ({"body": b"x" * MOST_BYTES}, "too large"),
    ],
)
def test_not_ours(changes, why):
    assert wrong(json.loads(message("clusters.tasks.sweep"))) == ""
    assert why in wrong(json.loads(message(**{"task": "clusters.tasks.sweep", **changes})))


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage(garbage):
    try:
        envelope = json.loads(garbage)
    except (ValueError, RecursionError):
        return
    assert wrong(envelope) == "it is no message"


def test_every_part_of_a_message_is_needed(sent):
    whole = sent()
    for part in ("body", "content-type", "content-encoding", "headers", "properties"):
        assert wrong({name: value for name, value in whole.items() if name != part}) == "it is no message"
    for part in ("body_encoding", "delivery_tag", "delivery_info"):
        left = {name: value for name, value in whole["properties"].items() if name != part}
        assert wrong({**whole, "properties": left}) == "it is no message"


def test_production_speaks_through_it():
    """The tests' own settings use another transport; those of production name this one."""
    from paas import settings

    assert f"{paas.broker.__name__}:{paas.broker.Transport.__name__}" == settings.CELERY_BROKER_TRANSPORT
