"""Takes file descriptors from a process, really: by its limit, which another process may lower while it runs."""

from __future__ import annotations

import itertools
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Lower than whatever a process has open, which stays so: nothing is opened beside it.
NONE = 3


@contextmanager
def none_left(*pids: int) -> Iterator[None]:
    """Nothing more can be opened by these processes, else by this one; afterwards as before, where they still live."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_NOFILE) for pid in pids or (os.getpid(),)}
    try:
        for pid, (_, hard) in before.items():
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (NONE, hard))
        yield
    finally:
        for pid, limits in before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def leave(pid: int, left: int) -> None:
    """Let a process open so many descriptors more than it has now."""
    taken = {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}
    free = (number for number in itertools.count() if number not in taken)
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (next(itertools.islice(free, left, None)), hard))
