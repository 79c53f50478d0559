"""Reads a Procfile. Pure."""

import re

LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")


def parse(text: str) -> dict[str, str]:
    """{"web": "uvicorn …", …}, in the file's order; blank lines and comments are skipped.

    Raises:
        ValueError: a line is no `name: command`, or a name stands there twice.
    """
    commands: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = LINE.fullmatch(line.strip())
        if found is None:
            raise ValueError(f"line {number}: expected `name: command`, got {line!r}")
        name, command = found.groups()
        if name in commands:
            raise ValueError(f"line {number}: a second process {name!r}")
        commands[name] = command
    return commands
