"""Steps that wait for each other and otherwise run at the same time, with a line and the seconds for each."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from .errors import LabError


@dataclass
class Steps:
    """Collect steps with `add`, then `run` them. A failure lets running steps end, starts no new one, and is raised."""

    steps: dict[str, tuple[Callable[[], object], frozenset[str]]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    printing: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, act: Callable[[], object], after: Iterable[str] = ()) -> str:
        unknown = set(after) - set(self.steps)
        if unknown:
            raise ValueError(f"{name} waits for unknown steps: {unknown}")
        self.steps[name] = (act, frozenset(after))
        return name

    def run(self) -> None:
        done: set[str] = set()
        waiting = dict(self.steps)
        running: dict[Future[None], str] = {}
        failed: list[BaseException] = []
        with ThreadPoolExecutor(max_workers=max(1, len(waiting))) as pool:
            while waiting or running:
                for name in [name for name, (_, after) in waiting.items() if after <= done and not failed]:
                    act, _ = waiting.pop(name)
                    running[pool.submit(self._timed, name, act)] = name
                if not running:
                    break
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    name = running.pop(future)
                    error = future.exception()
                    if error is None:
                        done.add(name)
                    else:
                        failed.append(error)
        if failed:
            raise self._worst(failed)

    @staticmethod
    def _worst(failed: list[BaseException]) -> BaseException:
        """An error that is no LabError is a mistake of ours and must be seen with its traceback."""
        unexpected = [error for error in failed if not isinstance(error, LabError)]
        return unexpected[0] if unexpected else LabError("\n".join(str(error) for error in failed))

    def _timed(self, name: str, act: Callable[[], object]) -> None:
        began = time.monotonic()
        self.say(f"…        {name}")
        try:
            act()
        except BaseException:
            self.say(f"✗ {time.monotonic() - began:5.1f} s {name}")
            raise
        self.say(f"✓ {time.monotonic() - began:5.1f} s {name}")

    def say(self, text: str) -> None:
        with self.printing:
            print(f"{time.monotonic() - self.began:6.1f}  {text}", flush=True)
