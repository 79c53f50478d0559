"""`manage.py watch`: the watcher process. Ends cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Any

from django.core.management.base import BaseCommand

from clusters.watch.process import Watcher
from paas.core import heap


class Command(BaseCommand):
    help = "Watch every registered cluster and make due what changed on it."

    def handle(self, *args: Any, **options: Any) -> None:
        heap.settle()
        asyncio.run(_run())


async def _run() -> None:
    watching = asyncio.create_task(Watcher().run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, watching.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await watching
