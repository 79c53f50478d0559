"""A person before `dougong exec`: their window, and what is kept of what they did."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import termios
import time

import pytest

from apps.models import Terminal
from apps.selectors.terminals import recording
from tests.apps.lab.site import ROOT

PATIENCE = 60


class Window:
    """A person's terminal with the command in it."""

    def __init__(self, argv, environ, columns, rows):
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execve(argv[0], argv, environ)
        self.seen = ""
        self.resize(columns, rows)

    def resize(self, columns, rows):
        fcntl.ioctl(self.handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def type(self, text):
        os.write(self.handle, text.encode())

    def until(self, text):
        """Read until `text` was shown."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self.handle], [], [], max(end - time.monotonic(), 0))
            assert ready, f"not shown in time: {self.seen!r}"
            try:
                self.seen += os.read(self.handle, 65536).decode(errors="replace")
            except OSError:
                pytest.fail(f"it ended: {self.seen!r}")
        before, _, self.seen = self.seen.partition(text)
        return before

    def end(self):
        """Its exit code."""
        try:
            while piece := os.read(self.handle, 65536):
                self.seen += piece.decode(errors="replace")
        except OSError:
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.handle)
        return os.waitstatus_to_exitcode(status)


def shown(row, actor):
    """(kind, text) of the recording's events, and its head."""
    head, *events = "".join(recording(actor, row)).splitlines()
    return json.loads(head), [(kind, text) for _, kind, text in map(json.loads, events)]


def ended():
    """The one terminal, once its end is noted."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        row = Terminal.objects.get()
        if row.ended_at is not None:
            return row
        time.sleep(0.05)
    pytest.fail("its end was not noted")
