"""The watcher against a real cluster: the fixtures of the loop's own tests, and a watcher that runs beside them."""

import asyncio
import importlib.util
import sys
import threading
from pathlib import Path

import pytest

from clusters.watch.process import Watcher

# Conftests of neighbours are no modules that one could import.
_spec = importlib.util.spec_from_file_location(
    "tests_of_the_loop", Path(__file__).parents[1] / "reconcile" / "conftest.py"
)
_loop = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_loop)
globals().update({name: each for name, each in vars(_loop).items() if not name.startswith(("_", "pytest_"))})


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents and "granted" in item.fixturenames:
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(pytest.mark.lab)
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture
def watching(database_threads):
    """watching() starts a watcher that runs till the test ends; watching.watcher is it."""
    running = []

    def start():
        ready = threading.Event()
        state = {}

        async def run():
            state["watcher"] = Watcher()
            state["task"] = asyncio.current_task()
            state["loop"] = asyncio.get_running_loop()
            ready.set()
            try:
                await state["watcher"].run()
            except asyncio.CancelledError:
                return

        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        running.append((thread, state))
        ready.wait(10)
        return state["watcher"]

    yield start
    for thread, state in running:
        state["loop"].call_soon_threadsafe(state["task"].cancel)
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def eventually():
    """eventually(check): polls it for half a minute."""
    pause = threading.Event()

    def poll(check, seconds=30):
        for _ in range(int(seconds / 0.05)):
            if check():
                return
            pause.wait(0.05)
        raise AssertionError("it did not come about")

    return poll
