"""Celery's way to Valkey, less the trust in what lies there: what none of us would send never reaches a worker.

A message says that something may be due, and no more: a task of ours, a few ids, now. kombu reads envelopes before
anybody looks at them, and one it cannot read ends the worker; here it is noted (`refused`) and dropped.
"""

from __future__ import annotations

from queue import Empty
from typing import Any

from kombu.transport import redis

from paas.refused import refused

OURS = ("apps.", "clusters.", "paas.")
# A hint carries a lane or an id.
MOST_BYTES = 16 * 1024


def wrong(envelope: Any) -> str:
    """Why a message is not taken; "" where it is one of ours by its form."""
    match envelope:
        case {
            "body": str(body),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {"task": str(task), "id": str(), **headers},
            "properties": {
                "body_encoding": "base64",
                "delivery_tag": str(),
                "delivery_info": {"exchange": str(), "routing_key": str()},
            },
        }:
            if len(body) > MOST_BYTES:
                return "it is too large"
            if not task.startswith(OURS):
                return "it is for no task of ours"
            if headers.get("compression"):
                return "it is packed"
            return "it is for another time" if headers.get("eta") else ""
    return "it is no message"


class Channel(redis.Channel):
    """Reads envelopes one by one."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]  # kombu carries no types
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
            # Of the envelope: what it holds is looked at by `wrong` before it is handed on.
            refused.note(self._queue_cycle.items[-1], f"it cannot be read ({type(fault).__name__})")
            raise Empty from None


class Transport(redis.Transport):
    """Hands on what is in order."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str) -> None:
        if why := wrong(message):
            refused.note(queue, why)
            return
        super()._deliver(message, queue)  # type: ignore[no-untyped-call]  # kombu carries no types
