"""A process is known again by its pid and its start; nothing else is ever signalled."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.lab import paths
from deploy.lab.processes import Identity, Processes, boot, frozen, identify, marked, start_time

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
]


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    made = Processes(paths.Paths(f"unit-{time.monotonic_ns() % 10**9}"))
    yield made
    for name in made.names():
        made.stop(name, grace=0)


def test_start_is_idempotent_and_stop_ends_it(processes: Processes) -> None:
    assert processes.start("east/etcd", SLEEP)
    assert not processes.start("east/etcd", SLEEP)
    identity = processes.running("east/etcd")
    assert identity
    assert identity.alive()
    processes.stop("east/etcd")
    assert not identity.alive()
    assert processes.names() == []


def test_a_reused_pid_is_not_ours(processes: Processes) -> None:
    stranger = subprocess.Popen(SLEEP)
    try:
        start = start_time(stranger.pid)
        assert start
        record = {"pid": stranger.pid, "start": start - 1, "boot": boot(), "argv": SLEEP}
        paths.write_json(processes.records / "east" / "etcd.json", record)
        assert processes.running("east/etcd") is None
        processes.stop("east/etcd")
        Identity(stranger.pid, start - 1).signal(signal.SIGKILL)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_record_of_before_a_reboot_is_not_ours(processes: Processes) -> None:
    processes.start("east/etcd", SLEEP)
    identity = processes.running("east/etcd")
    assert identity
    record = {"pid": identity.pid, "start": identity.start, "boot": "another", "argv": SLEEP}
    paths.write_json(processes.records / "east" / "etcd.json", record)
    assert processes.running("east/etcd") is None
    identity.signal(signal.SIGKILL)


def test_what_was_started_but_not_recorded_is_ended_by_the_next_start(processes: Processes) -> None:
    processes.start("east/etcd", SLEEP)
    lost = processes.running("east/etcd")
    assert lost
    (processes.records / "east" / "etcd.json").unlink()
    processes.start("east/etcd", SLEEP)
    assert not lost.alive()
    assert len(list(marked(f"{processes.lab}/east"))) == 1


def test_a_name_that_begins_alike_is_somebody_else(processes: Processes) -> None:
    processes.start("east/worker-1/kubelet", SLEEP)
    processes.start("east/worker-10/kubelet", SLEEP)
    processes.end_marked("east/worker-1")
    assert processes.running("east/worker-1/kubelet") is None
    assert processes.running("east/worker-10/kubelet")


def test_who_does_not_listen_is_killed(processes: Processes) -> None:
    processes.start("east/apiserver", DEAF)
    while not processes.log("east/apiserver").read_text():
        time.sleep(0.01)
    identity = processes.running("east/apiserver")
    processes.stop("east/apiserver", grace=0.2)
    assert identity
    assert not identity.alive()


def test_frozen_ones_thaw_and_can_be_stopped(processes: Processes) -> None:
    processes.start("east/etcd", SLEEP)
    identity = processes.running("east/etcd")
    assert identity
    processes.freeze("east/etcd")
    assert _becomes(lambda: frozen(identity.pid))
    processes.thaw("east/etcd")
    assert _becomes(lambda: not frozen(identity.pid))
    processes.freeze("east/etcd")
    processes.stop("east/etcd")
    assert not identity.alive()


def test_a_zombie_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        assert _becomes(lambda: identify(child.pid) is None)
    finally:
        child.wait()


def _becomes(fact) -> bool:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.01)
    return False
