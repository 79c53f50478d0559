"""What the web process serves: `uvicorn paas.asgi:application`. HTTP by Django, the web socket of terminals."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paas.settings")

http: Any = get_asgi_application()

from apps.terminals import socket  # noqa: E402 - after Django's setup
from paas import urls  # noqa: E402, F401 - what the first request would load
from paas.celery import app as celery_app  # noqa: E402 - after Django's setup: a view wakes tasks through it
from paas.core import heap  # noqa: E402 - after Django's setup
from paas.core.bodies import limited  # noqa: E402 - after Django's setup

http = limited(http)
heap.settle()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """By the kind of connection."""
    await (socket.application if scope["type"] == "websocket" else http)(scope, receive, send)


__all__ = ["application", "celery_app"]
