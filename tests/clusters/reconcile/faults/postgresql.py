"""What befalls the PostgreSQL of the tests: copies put back, connections dropped, a disk without room."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

COPY = "before_the_tail"
PLACE = "small_disk"


@contextlib.contextmanager
def maintenance() -> Iterator[psycopg.Connection]:
    """A connection beside the tests' database, which then is nobody's but its own."""
    known = connection.settings_dict
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    given = {word: str(known[name]) for name, word in names.items() if known[name]}
    with psycopg.connect(make_conninfo(**given, dbname="template1"), autocommit=True) as made:
        yield made


def drop_connections() -> int:
    """End every connection to the tests' database; how many there were."""
    with maintenance() as beside:
        return beside.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s",
            [connection.settings_dict["NAME"]],
        ).fetchone()[0]


def _alone(beside: psycopg.Connection, *statements: str) -> None:
    """Statements that want a database without connections; {ours} is the tests' one."""
    connection.close()
    drop_connections()
    for statement in statements:
        names = {"ours": connection.settings_dict["NAME"], "copy": COPY, "place": PLACE}
        beside.execute(sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()}))


@contextlib.contextmanager
def tail_lost() -> Iterator[None]:
    """What is written within is lost at its end: the database is as it was, as on a replica that lagged behind."""
    with maintenance() as beside:
        _alone(beside, "CREATE DATABASE {copy} TEMPLATE {ours}")
        yield
        _alone(beside, "DROP DATABASE {ours}", "ALTER DATABASE {copy} RENAME TO {ours}")


class Disk:
    """A small disk with the tests' database on it. `fill()` leaves it no room, `empty()` gives it back."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while filler.write(b"x" * 8192):
                pass

    def empty(self) -> None:
        self._filler.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(size: str = "64m") -> Iterator[Disk]:
    """The tests' database on a disk of that size, a tmpfs; back where it was afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dougong-disk-"))  # pytest's own folders let only their owner in
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    data = folder / "data"
    disk = Disk(folder)
    try:
        data.mkdir()
        owner = pwd.getpwnam("nobody")  # as whom PostgreSQL runs where the tests run as root
        os.chown(data, owner.pw_uid, owner.pw_gid)
        with maintenance() as beside:
            beside.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(sql.Identifier(PLACE), str(data)))
            _alone(beside, "ALTER DATABASE {ours} SET TABLESPACE {place}")
            try:
                yield disk
            finally:
                disk.empty()
                _alone(beside, "ALTER DATABASE {ours} SET TABLESPACE pg_default", "DROP TABLESPACE {place}")
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()
