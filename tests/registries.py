"""Registries of the tests on nodes of the lab, each at its node's own `localhost`, where a container runtime speaks
plain HTTP.
"""

from __future__ import annotations

import base64
import ctypes
import http.client
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.labs import LAB

CLONE_NEWNET = 0x40000000
REALM = {"WWW-Authenticate": 'Basic realm="registry"'}


class Denying(BaseHTTPRequestHandler):
    """Lets nobody pull."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_said: object) -> None:
        """Nothing."""


def asking(upstream: str, username: str, password: str) -> type[Denying]:
    """Gives what the registry `upstream` has to whoever has the login, and asks everybody else for it."""
    login = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    class Asking(Denying):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != login:
                self._answer(401, REALM, b"")
                return
            there = http.client.HTTPConnection(upstream, timeout=30)
            there.request(self.command, self.path, headers={"Accept": self.headers.get("Accept", "*/*")})
            found = there.getresponse()
            said = {name: value for name, value in found.getheaders() if name in ("Content-Type", "Content-Length")}
            self._answer(found.status, said, found.read())
            there.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Asking


@contextmanager
def serving(handler: type[Denying], nodes: Sequence[str], cluster: str = "east") -> Iterator[str]:
    """The registry runs on each of the nodes; yields its host, the same on all of them."""
    with ExitStack() as running:
        port = 0
        for node in nodes:
            port = running.enter_context(_on(f"dougong-{LAB}-{cluster}-{node}", handler, port))
        yield f"localhost:{port}"


@contextmanager
def _on(namespace: str, handler: type[Denying], port: int) -> Iterator[int]:
    """In a network namespace, which a thread enters alone and those that it starts are in too."""
    started: list[ThreadingHTTPServer] = []
    ready = threading.Event()

    def serve() -> None:
        entered = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
        assert ctypes.CDLL(None, use_errno=True).setns(entered, CLONE_NEWNET) == 0
        os.close(entered)
        started.append(ThreadingHTTPServer(("127.0.0.1", port), handler))
        ready.set()
        started[0].serve_forever()

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(10), f"no registry in {namespace}"
    try:
        yield started[0].server_port
    finally:
        started[0].shutdown()
        thread.join()
        started[0].server_close()
