"""A recording in the asciicast format, version 2: a head, then an event a line: seconds, kind, text. Pure.

Only what is shown is recorded, and changes of the window's size. What is typed is not: it is shown where the terminal
echoes it, and where it does not it is a password.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from dataclasses import dataclass, field


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")(errors="replace")


@dataclass
class Recording:
    """Lines that wait to be stored (`taken`), and how many bytes there were in all, `most` at most."""

    most: int
    size: int = 0
    _waiting: list[str] = field(default_factory=list)
    _decoders: dict[int, codecs.IncrementalDecoder] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        """Nothing more is recorded; the terminal has to end."""
        return self.size >= self.most

    @property
    def waiting(self) -> int:
        """Characters not yet taken."""
        return sum(map(len, self._waiting))

    def begin(self, *, columns: int, rows: int, at: int, command: Sequence[str], title: str) -> None:
        """The head; `at` is a Unix time."""
        head = {"version": 2, "width": columns, "height": rows, "timestamp": at, "command": " ".join(command)}
        self._add({**head, "title": title, "env": {"TERM": "xterm"}})

    def shown(self, seconds: float, channel: int, piece: bytes) -> None:
        """What was printed, `seconds` after the beginning; characters may be cut between pieces of one channel."""
        if text := self._decoders.setdefault(channel, _decoder()).decode(piece):
            self._add([round(seconds, 3), "o", text])

    def resized(self, seconds: float, columns: int, rows: int) -> None:
        """Of the window."""
        self._add([round(seconds, 3), "r", f"{columns}x{rows}"])

    def taken(self) -> str:
        """The lines that wait, which then wait no more; "" where there is none."""
        text, self._waiting = "".join(self._waiting), []
        return text

    def _add(self, line: object) -> None:
        text = json.dumps(line, ensure_ascii=False) + "\n"
        self.size += len(text.encode())
        self._waiting.append(text)
