"""Workers that can be killed at a step or frozen: one warmed process, without threads, forks one for each drain.

    with Workers(NETWORKS) as workers:
        worker = workers.fork()      # waits
        worker.go("recording")       # drains once; dies by itself at that step, if one is named
        worker.send(signal.SIGSTOP)  # from wherever, a script of the fault proxy above all
        worker.ended()               # its exit code, negative where a signal ended it

Run as a program this is the process that forks; `program` is another one, which hands `serve` what its workers do.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, NoReturn

import time_machine  # it takes pytest along: what each worker were to import anew would be most of its time

from tests.fault_proxy import After, Reset

ROOT = Path(__file__).resolve().parents[4]
# Steps between requests: the lease is ours, claims are committed, answers came, half a record is written, all of it.
STEPS = ("taken", "claimed", "answered", "recording", "recorded")
# How a request ends with its worker: never sent, answered but never heard, sent when all is over.
ENDS = ("unsent", "unheard", "late")
# Of a worker's life, and of the start of the process that forks them, which on a busy machine takes half of that.
SECONDS = 120


class Workers(AbstractContextManager["Workers"]):
    """The process that forks them; its database is the one that the test uses. One worker at a time.

    `log` takes what they log; without it that goes where the test's own output goes.
    """

    def __init__(
        self, networks: tuple[str, ...], *, program: str = __file__, log: IO[bytes] | None = None, **env: str
    ) -> None:
        from django.db import connection
        from psycopg.conninfo import make_conninfo

        names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
        told = {word: str(connection.settings_dict[name]) for name, word in names.items()}
        settings = {
            "DJANGO_SETTINGS_MODULE": "paas.settings_test",
            "DATABASE_URL": make_conninfo(**{word: value for word, value in told.items() if value}),
            "DOUGONG_DATABASE_KEEP": "true",
            "DOUGONG_CLUSTER_NETWORKS": ",".join(networks),
            "PYTHONPATH": str(ROOT),
        }
        self._process = subprocess.Popen(
            [sys.executable, program], cwd=ROOT, env={**os.environ, **settings, **env},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0,
        )  # fmt: skip

    def __exit__(self, *_fault: object) -> None:
        self._process.stdin.close()
        self._process.wait(SECONDS)
        self._process.stdout.close()

    def fork(self) -> Worker:
        """One that waits to be told to go."""
        self.say("fork")
        return Worker(self, int(self.hear()))

    def say(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n".encode())

    def hear(self) -> str:
        ready, _, _ = select.select([self._process.stdout], [], [], SECONDS)
        assert ready, "the worker neither ends nor is killed"
        return self._process.stdout.readline().decode()


@dataclass(frozen=True)
class Worker:
    """A process that drains once."""

    workers: Workers
    pid: int

    def go(self, step: str = "", *, off: str = "") -> None:
        """`off` are the seconds by which its clock is wrong, with a sign."""
        self.workers.say(f"{step} {off}")

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def ended(self) -> int:
        """Its exit code, once it has one."""
        return int(self.workers.hear())


class Death:
    """A script of the proxy: kills the worker at its n-th request, or its n-th write where that is to arrive late.

    `late` is then that request, which nobody has sent yet.
    """

    def __init__(self, worker, end, left):
        self.worker, self.end, self.left = worker, end, left
        self.late = None

    def __call__(self, request):
        if self.end == "late" and request.method == "GET":
            return None
        self.left -= 1
        if self.left != -1:
            return None
        if self.end == "unheard":
            return After(self.kill)
        if self.end == "late":
            self.late = request
        self.kill()
        return Reset()

    def kill(self, _request=None):
        self.worker.send(signal.SIGKILL)


def _die(*_given: object, **_named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dies_at(step: str) -> None:
    """Let this process die when the loop reaches the step."""
    from clusters import lease
    from clusters.reconcile import drain, record

    match step:
        case "taken":
            drain.choose = _die
        case "claimed":
            drain.deliver = drain.remove = _die
        case "answered":
            drain.record = _die
        case "recording":
            record._schedule = record._remove_work = _die
        case "recorded":
            lease.release = _die


def _drain_once(said: str) -> None:
    step, _, off = said.partition(" ")
    from clusters.reconcile.drain import drain_due
    from clusters.sessions import Sessions

    async def once() -> None:
        sessions = Sessions()
        await drain_due(sessions)
        await sessions.close()

    if step:
        _dies_at(step)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=int(off or 0)), tick=True):
        asyncio.run(once())


def serve(act: Callable[[str], None]) -> None:
    """Fork for each line, to act on the next; unbuffered, since the child reads its own line from the same pipe."""
    told = os.dup(1)
    os.dup2(2, 1)  # what is logged is not to be taken for an answer
    while _line():
        pid = os.fork()
        if not pid:
            _be_a_worker(act)
        os.write(told, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _be_a_worker(act: Callable[[str], None]) -> NoReturn:
    try:
        act(_line().strip("\n"))
    except BaseException:  # noqa: BLE001 - it must not become a second one that forks
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _line() -> str:
    """One line of standard input with its end, "" at the end of all."""
    found = b""
    while not found.endswith(b"\n"):
        if not (byte := os.read(0, 1)):
            return ""
        found += byte
    return found.decode()


if __name__ == "__main__":
    import django

    django.setup()
    import clusters.tasks  # noqa: F401 - the loop and all that it stands on
    import paas.celery  # noqa: F401 - without it a hint looks for a broker on the network

    serve(_drain_once)
