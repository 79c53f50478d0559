"""A handle on supervised processes from outside: start them, look at them, end them, also after a crash of anything."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.lab import paths
from deploy.lab.commands import until
from deploy.lab.errors import LabError
from deploy.lab.processes import MARK, Identity

from . import environment, procfile, records

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Group:
    """The processes of one Procfile under one supervisor.

    folder     records, logs; a group is known by it
    procfile   what runs
    env        their settings, beside what this process has; secret
    version    of what they run: when it differs from the one they were started with, `start` starts them anew
    """

    folder: Path
    procfile: Path
    env: Mapping[str, str] = field(repr=False)
    version: str = ""

    @property
    def names(self) -> list[str]:
        return list(procfile.parse(self.procfile.read_text()))

    def process(self, name: str) -> Identity | None:
        """A process as it runs now; None between two lives."""
        return records.running(self.folder, name)

    def log(self, name: str, size: int = 2000) -> str:
        """The end of a process's log."""
        file = self.folder / "log" / f"{name}.log"
        return file.read_bytes()[-size:].decode(errors="replace") if file.exists() else ""

    def start(self, seconds: float = START_SECONDS) -> bool:
        """Start them unless they run as they should; true if they were started now.

        Raises:
            LabError: not all of them run within that time. The supervisor goes on trying.
        """
        if self.process(records.SUPERVISOR) and self._started_with() == self._digest():
            return False
        self.stop()
        log = self.folder / "log" / f"{records.SUPERVISOR}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        argv: list[str | Path] = [sys.executable, "-m", "deploy.control_plane", self.folder]
        argv += [self.procfile, "--root", ROOT]
        marked = {MARK: records.mark(self.folder, records.SUPERVISOR)}
        with log.open("ab") as output:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT, start_new_session=True,
                env={**environment.without_settings(os.environ), **self.env, **marked},
            )  # fmt: skip
        # Written at once: whoever finds no supervisor to it starts anew.
        paths.write_json(self.folder / "started.json", {"digest": self._digest(), "at": time.time()})
        until(lambda: child.poll() is not None or bool(self.process(records.SUPERVISOR)), "the supervisor", 20)
        if child.poll() is not None:
            raise LabError(f"the supervisor has ended:\n{self.log(records.SUPERVISOR)}")
        child.returncode = 0  # It outlives this program on purpose: nobody here waits for it.
        until(lambda: all(self.process(name) for name in self.names), "start of every process", seconds)
        return True

    def stop(self) -> None:
        """End them, gently at first; afterwards nothing of the group is left."""
        supervisor = self.process(records.SUPERVISOR)
        if supervisor:
            supervisor.signal(signal.SIGTERM)
            supervisor.signal(signal.SIGCONT)
            deadline = time.monotonic() + STOP_SECONDS
            while supervisor.alive() and time.monotonic() < deadline:
                time.sleep(0.05)
        # Again: what the supervisor started between the first look and its own end.
        for _ in range(2):
            records.end_all(self.folder, records.SUPERVISOR)
            records.end_all(self.folder)
        (self.folder / "started.json").unlink(missing_ok=True)

    def kill(self, name: str) -> Identity:
        """kill -9 of a process, and of nothing else; the supervisor starts another one. Returns when it is dead."""
        identity = self.process(name)
        if identity is None:
            raise LabError(f"{name} does not run")
        identity.signal(signal.SIGKILL)
        until(lambda: not identity.alive(), f"the end of {name}", 10, every=0.01)
        return identity

    def _started_with(self) -> str:
        try:
            return str(json.loads((self.folder / "started.json").read_text())["digest"])
        except FileNotFoundError:
            return ""

    def _digest(self) -> str:
        told = [self.version, self.procfile.read_text(), *(f"{key}={self.env[key]}" for key in sorted(self.env))]
        return hashlib.sha256("\0".join(told).encode()).hexdigest()
