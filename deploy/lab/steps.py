"""Steps that wait for each other and otherwise run at the same time, with a line and the seconds for each."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue

from .errors import LabError


@dataclass
class Steps:
    """Collect steps with `add`, then `run` them. A failure lets running steps end, starts no new one, and is raised."""

    waiting: dict[str, tuple[Callable[[], object], frozenset[str]]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    printing: threading.Lock = field(default_factory=threading.Lock)
    ended: SimpleQueue[tuple[str, BaseException | None]] = field(default_factory=SimpleQueue)

    def add(self, name: str, act: Callable[[], object], after: Iterable[str] = ()) -> str:
        unknown = set(after) - set(self.waiting)
        if unknown:
            raise ValueError(f"{name} waits for unknown steps: {unknown}")
        self.waiting[name] = (act, frozenset(after))
        return name

    def run(self) -> None:
        done: set[str] = set()
        running: set[str] = set()
        failed: list[BaseException] = []
        while self.waiting or running:
            for name in [name for name, (_, after) in self.waiting.items() if after <= done and not failed]:
                act, _ = self.waiting.pop(name)
                running.add(name)
                # Daemons, so that an interrupt ends the program at once; the next one takes up what they left.
                threading.Thread(target=self._timed, args=(name, act), daemon=True).start()
            if not running:
                break
            name, error = self.ended.get()
            running.remove(name)
            if error is None:
                done.add(name)
            else:
                failed.append(error)
        if failed:
            raise _worst(failed)

    def _timed(self, name: str, act: Callable[[], object]) -> None:
        began = time.monotonic()
        self.say(f"…        {name}")
        error: BaseException | None = None
        try:
            act()
        except BaseException as raised:  # noqa: BLE001 - handed to `run`, which raises it
            error = raised
        self.say(f"{'✗' if error else '✓'} {time.monotonic() - began:5.1f} s {name}")
        self.ended.put((name, error))

    def say(self, text: str) -> None:
        with self.printing:
            print(f"{time.monotonic() - self.began:6.1f}  {text}", flush=True)


def _worst(failed: list[BaseException]) -> BaseException:
    """An error that is no LabError is a mistake of ours and must be seen with its traceback."""
    unexpected = [error for error in failed if not isinstance(error, LabError)]
    return unexpected[0] if unexpected else LabError("\n".join(str(error) for error in failed))
