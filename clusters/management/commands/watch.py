"""`manage.py watch`: the watcher process. Ends cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from clusters.watch.process import Watcher


class Command(BaseCommand):
    help = "Watch every registered cluster and make due what changed on it."

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(_run())


async def _run() -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await Watcher().run()
    except asyncio.CancelledError:
        return
