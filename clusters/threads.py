"""Runs database work of an event loop in threads of its own, between network steps and never inside one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

# Each thread keeps its own connection for its life; a drain's choose and record overlap, more would only queue.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="orm")
TRUSTED_SECONDS = 1.0
_served = threading.local()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a database thread.

    Its connection is checked first unless it has just served well, so a restarted PostgreSQL is met by a new one.
    """

    def call() -> T:
        if time.monotonic() - getattr(_served, "at", 0.0) > TRUSTED_SECONDS:
            close_old_connections()
        _served.at = 0.0
        result = function(*args, **kwargs)
        _served.at = time.monotonic()
        return result

    return await asyncio.get_running_loop().run_in_executor(_threads, copy_context().run, call)
