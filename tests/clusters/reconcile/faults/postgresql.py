"""What befalls the PostgreSQL of the tests: a copy is put back, connections are dropped."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

COPY = "before_the_tail"


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
        names = {"ours": connection.settings_dict["NAME"], "copy": COPY}
        beside.execute(sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()}))


@contextlib.contextmanager
def tail_lost() -> Iterator[None]:
    """What is written within is lost at its end: the database is as it was, as on a replica that lagged behind."""
    with maintenance() as beside:
        _alone(beside, "CREATE DATABASE {copy} TEMPLATE {ours}")
        yield
        _alone(beside, "DROP DATABASE {ours}", "ALTER DATABASE {copy} RENAME TO {ours}")
