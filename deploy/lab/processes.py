"""The long-running processes of a lab: started detached, known again later by pid and start time.

Every one carries its name in its environment, inherited by its children. So an `up` that follows a `kill -9` in the
moment between a start and its record still finds, and ends, what was started.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .commands import until
from .errors import LabError

MARK = "DOUGONG_LAB_PROCESS"


@dataclass(frozen=True)
class Identity:
    """A process, told apart from a later one with the same pid by the clock tick of its start."""

    pid: int
    start: int

    def alive(self) -> bool:
        return start_time(self.pid) == self.start

    def signal(self, number: signal.Signals) -> None:
        """Signal this very process: the descriptor is opened first, then checked, so a reused pid is never hit."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive():
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return
        finally:
            os.close(descriptor)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which itself may hold blanks and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def start_time(pid: int) -> int | None:
    """When a process started, in ticks since boot; None when it is gone or a zombie."""
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def frozen(pid: int) -> bool:
    return _stat(pid)[:1] == ["T"]


def boot() -> str:
    """Which start of the machine this is: pids and ticks begin anew with each."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def identify(pid: int) -> Identity | None:
    start = start_time(pid)
    return None if start is None else Identity(pid, start)


def marked(prefix: str) -> Iterator[Identity]:
    """All processes whose mark is the name given or lies under it."""
    word = f"{MARK}={prefix}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(variable == word or variable.startswith(word + b"/") for variable in variables):
            identity = identify(int(entry.name))
            if identity:
                yield identity


def end(identities: Sequence[Identity], grace: float, what: str, by: signal.Signals = signal.SIGTERM) -> None:
    """Ask them all to end; those that don't within the grace are killed. Returns when all are gone."""
    if grace:
        for identity in identities:
            identity.signal(by)
            identity.signal(signal.SIGCONT)
        try:
            until(lambda: not any(one.alive() for one in identities), what, grace, every=0.02)
            return
        except LabError:
            pass
    for identity in identities:
        identity.signal(signal.SIGKILL)
    until(lambda: not any(one.alive() for one in identities), f"end of {what}", 20, every=0.02)


class Processes:
    """The processes of one lab, by name: `east/apiserver`, `east/worker-1/kubelet`, `parts/valkey`."""

    def __init__(self, where: paths.Paths) -> None:
        self.lab = where.name
        self.records = where.state / "run"
        self.logs = where.state / "log"

    def _record(self, name: str) -> Path:
        return self.records / f"{name}.json"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def running(self, name: str) -> Identity | None:
        try:
            known = json.loads(self._record(name).read_text())
        except (FileNotFoundError, NotADirectoryError):
            return None
        identity = Identity(known["pid"], known["start"])
        return identity if known.get("boot") == boot() and identity.alive() else None

    def names(self, prefix: str = "") -> list[str]:
        """All that was started and not stopped, under a prefix; dead ones too."""
        found = sorted(str(file.relative_to(self.records))[:-5] for file in self.records.rglob("[!.]*.json"))
        return [name for name in found if not prefix or name == prefix or name.startswith(prefix + "/")]

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        namespace: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> bool:
        """Start it unless it runs; true if it was started now. Leftovers under its name are ended first."""
        if self.running(name):
            return False
        self.end_marked(name)
        # Not `ip netns exec`: that mounts a fresh /sys, which hides the cgroups from a kubelet.
        inside = ["nsenter", f"--net=/run/netns/{namespace}", "--"] if namespace else []
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            child = subprocess.Popen(
                inside + [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=cwd or "/",
                env={**os.environ, **(env or {}), MARK: f"{self.lab}/{name}"},
            )
        identity = identify(child.pid)
        child.returncode = 0  # It outlives this program on purpose: nobody here waits for it.
        if identity is None:
            raise LabError(f"{name} ended at once\n{self.tail(name)}")
        known = {"pid": identity.pid, "start": identity.start, "boot": boot()}
        paths.write_json(self._record(name), {**known, "argv": [str(word) for word in argv]})
        return True

    def started(self, name: str) -> float:
        """When it was started, in seconds since the epoch."""
        return self._record(name).stat().st_mtime

    def stop(self, name: str, grace: float = 5, by: signal.Signals = signal.SIGTERM) -> None:
        identity = self.running(name)
        if identity:
            end([identity], grace, name, by)
        self._record(name).unlink(missing_ok=True)

    def end_marked(self, name: str) -> None:
        """Kill all that carries a name: what a record was lost of, and children that outlived their parent."""
        end(list(marked(f"{self.lab}/{name}")), 0, name)

    def freeze(self, name: str) -> None:
        for identity in marked(f"{self.lab}/{name}"):
            identity.signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        for identity in marked(f"{self.lab}/{name}"):
            identity.signal(signal.SIGCONT)

    def must_run(self, name: str) -> None:
        if not self.running(name):
            raise LabError(f"{name} has ended; the end of its log:\n{self.tail(name)}")

    def tail(self, name: str, size: int = 3000) -> str:
        log = self.log(name)
        return log.read_bytes()[-size:].decode(errors="replace") if log.exists() else "(no log)"
