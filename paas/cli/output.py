"""What commands print: results on standard output in the format asked for, everything else on standard error.

Colours, spinners and live views only where a person looks: in a pipe the same words come plain and whole.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import yaml
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from paas.cli.errors import CliError

# No line of a table is cut or broken where no terminal has a width.
PIPE_WIDTH = 10_000
COLOURS = {
    "Healthy": "green",
    "Progressing": "yellow",
    "Suspended": "blue",
    "Degraded": "red",
    "Missing": "red",
    "Unknown": "magenta",
    "Ready": "green",
    "Succeeded": "green",
    "Failed": "red",
    "Running": "yellow",
}


class Format(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"
    yaml = "yaml"
    name = "name"


class Output:
    """Standard output and error of one command."""

    def __init__(self, chosen: Format = Format.table) -> None:
        self.format = chosen
        self.console = _console(sys.stdout)
        self.errors = _console(sys.stderr, stderr=True)

    @property
    def interactive(self) -> bool:
        """Whether a person looks at standard output and can be asked."""
        return self.console.is_terminal and sys.stdin.isatty()

    def show(self, value: Any, *, table: Callable[[], RenderableType], names: Callable[[], Iterable[str]]) -> None:
        """Print a result: JSON-safe `value`, or what `table` or `names` make of it."""
        if self.format is Format.json:
            self.raw(json.dumps(value, indent=2, ensure_ascii=False))
        elif self.format is Format.yaml:
            self.raw(yaml.safe_dump(value, sort_keys=False, allow_unicode=True).rstrip("\n"))
        elif self.format is Format.name:
            for name in names():
                self.raw(name)
        else:
            self.render(table())

    def render(self, renderable: RenderableType) -> None:
        """For people: in a pipe without colours, and without the blanks that fill a table's last column."""
        if self.console.is_terminal:
            self.console.print(renderable, highlight=False)
            return
        with self.console.capture() as captured:
            self.console.print(renderable, highlight=False)
        for line in captured.get().splitlines():
            self.raw(line.rstrip())

    def raw(self, text: str) -> None:
        """A line exactly as it is, at once."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def line(self, text: Text) -> None:
        """A line as it is, in its colours where a person looks."""
        if self.console.is_terminal:
            self.console.print(text, highlight=False, soft_wrap=True)
        else:
            self.raw(text.plain)

    def note(self, text: str) -> None:
        """A remark that is no result."""
        self.errors.print(Text(text), highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """While something lasts: what is being done, where a person looks."""
        if not self.errors.is_terminal:
            yield
            return
        with self.errors.status(Text(text)):
            yield
        self.errors.print(Text.assemble(("✓ ", "green"), text), highlight=False)

    def fail(self, error: CliError) -> None:
        """Tell a failure: as JSON where JSON is asked for, else in sentences."""
        if self.format is Format.json:
            sys.stderr.write(json.dumps(error.to_json(), ensure_ascii=False) + "\n")
            return
        head = Text.assemble(("Error", "bold red"), f" [{error.code}]: " if error.code else ": ", error.message)
        self.errors.print(head, highlight=False, soft_wrap=True)
        for entry in error.errors:
            self.note(f"  {_entry(entry)}")
        for label, text in (("Rule", error.rule), ("Next", error.remedy), ("Request", error.request_id)):
            if text:
                self.errors.print(Text.assemble((f"{label}: ", "bold"), text), highlight=False, soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A plain table; words of health and readiness have their colour."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell, style=COLOURS.get(cell.partition(",")[0], "")) for cell in row))
    return made


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values, one a line."""
    made = Table(box=None, pad_edge=False, show_header=False)
    for name, value in rows:
        if value:
            made.add_row(Text(name, style="bold"), Text(value))
    return made


def _console(file: Any, *, stderr: bool = False) -> Console:
    width = None if file.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, width=width, force_terminal=file.isatty())


def _entry(entry: Any) -> str:
    what = entry.get("message") or f"expected {entry.get('expected')}, got {entry.get('got')}"
    return f"{entry['path']}: {what}" if entry.get("path") else str(what)
