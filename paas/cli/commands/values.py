"""Values given as options of a command."""

from __future__ import annotations

import sys
from pathlib import Path

from paas.cli.errors import UsageError


def from_file(argument: str) -> tuple[str, str]:
    """The key and the content of KEY=PATH. UsageError where the file cannot be read."""
    key, _, path = argument.partition("=")
    if not key or not path:
        raise UsageError(f"--from-file {argument!r} is not KEY=PATH.")
    try:
        return key, sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", code="file_unreadable") from None
