"""Starts each process of a Procfile, and starts again what ends: `python -m deploy.control_plane FOLDER PROCFILE`.

The settings are those of its own environment. A process that keeps ending is started ever more slowly, half a minute
apart at most; the others never notice. SIGTERM ends all of them, then the supervisor.
"""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.lab.processes import MARK

from . import records

FIRST_DELAY = 0.2
LONGEST_DELAY = 30.0
SETTLED_SECONDS = 60.0
GRACE_SECONDS = 8.0


def delay(failures: int) -> float:
    """Seconds to wait before the start that follows so many short lives in a row. Pure."""
    return float(min(FIRST_DELAY * 2 ** max(failures - 1, 0), LONGEST_DELAY))


@dataclass
class Supervisor:
    """Keeps the processes of one group. Their working folder is `root`, their logs and records lie in `folder`."""

    folder: Path
    root: Path
    commands: dict[str, str]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Return when all have ended after a SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stopping.set)
        async with asyncio.TaskGroup() as group:
            for name, command in self.commands.items():
                group.create_task(self._keep(name, command))

    async def _keep(self, name: str, command: str) -> None:
        failures = 0
        while not self.stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._live(name, command)
            if self.stopping.is_set():
                return
            lived = asyncio.get_running_loop().time() - began
            failures = 1 if lived > SETTLED_SECONDS else failures + 1
            print(f"{name} ended with {code} after {lived:.1f} s; again in {delay(failures):.1f} s", flush=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), delay(failures))

    async def _live(self, name: str, command: str) -> int:
        """One life of a process, from its start to its exit code."""
        log = self.folder / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            # `env`, so that a line may begin with assignments and the shell is still replaced by the program.
            process = await asyncio.create_subprocess_exec(
                "sh", "-c", f"exec env {command}",
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self.root, start_new_session=True, env={**os.environ, MARK: records.mark(self.folder, name)},
            )  # fmt: skip
        records.note(self.folder, name, process.pid)
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self.stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            with suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait({ended}, timeout=GRACE_SECONDS)
        # A killed worker leaves the children of its pool behind; they must not go on beside those of the next.
        await asyncio.to_thread(records.end_all, self.folder, name)
        return await ended
