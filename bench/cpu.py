"""CPU seconds and memory of processes and all that they have started, read from /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KIB = 1024

Reading = dict[str, float]


@dataclass(frozen=True)
class Meter:
    """Reads the CPU seconds of groups of processes; `roots`: group → the pids it begins with, asked at each reading."""

    roots: Callable[[], Mapping[str, Iterable[int]]]

    def read(self) -> Reading:
        """Group → CPU seconds so far, children that have ended and were waited for included."""
        children = _children()
        return {
            group: sum(_cpu(pid) for root in roots for pid in tree(root, children))
            for group, roots in self.roots().items()
        }


def spent(before: Reading, after: Reading) -> Reading:
    """CPU seconds between two readings."""
    return {group: round(after[group] - before[group], 3) for group in before}


def tree(root: int, children: Mapping[int, list[int]] | None = None) -> list[int]:
    """A process and its descendants."""
    known = _children() if children is None else children
    found, ahead = [], [root]
    while ahead:
        pid = ahead.pop()
        found.append(pid)
        ahead += known.get(pid, [])
    return found


def memory(pid: int) -> dict[str, int]:
    """{"rss", "pss"} of one process in bytes; pss counts a page shared by n processes as 1/n."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {line.split(":")[0]: int(line.split()[1]) * KIB for line in lines}
    return {"rss": found["Rss"], "pss": found["Pss"]}


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            found[int(fields[1])].append(int(entry.name))
    return found


def _cpu(pid: int) -> float:
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) / TICKS if fields else 0.0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; [] where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
