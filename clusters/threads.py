"""Runs database work of an event loop in threads of its own, between network steps and never inside one."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

P = ParamSpec("P")
T = TypeVar("T")

# Each thread keeps its own connection for its life; a drain's choose and record overlap, more would only queue.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="orm")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a database thread.

    Its connection is looked at first, so a restarted PostgreSQL is met by a new one.
    """

    def call() -> T:
        if not _serves():
            close_old_connections()
        return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_threads, copy_context().run, call)


def _serves() -> bool:
    """Whether this thread's connection is to be kept, and open: PostgreSQL says nothing unasked except that it ends.

    Django would ask it each time, which costs as much as the work of many a call.
    """
    raw = connection.connection
    if raw is None or raw.closed or connection.errors_occurred or connection.close_at is not None:
        return False
    silence = select.poll()
    silence.register(raw.fileno(), select.POLLIN)
    return not silence.poll(0)
