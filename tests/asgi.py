"""An ASGI application, served by this process: on the test's own database and Valkey."""

import asyncio
import socket
import threading
from contextlib import contextmanager

import uvicorn
from django.db import connections


@contextmanager
def serving(application):
    """Its address, as long as the block lasts."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="off"))

    def run():
        asyncio.run(server.serve(sockets=[listening]))
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    # Live views last for minutes: they are cut, not waited for.
    server.force_exit = server.should_exit = True
    thread.join()
