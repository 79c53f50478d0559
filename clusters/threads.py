"""Runs database work of an event loop in threads of its own, between network steps and never inside one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

# Each thread keeps its own connection for its life; a drain's choose and record overlap, more would only queue.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="orm")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a database thread.

    Its connection is checked first, so a restarted PostgreSQL is met by a new one.
    """

    def call() -> T:
        close_old_connections()
        return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_threads, copy_context().run, call)
