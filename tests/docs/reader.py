"""Types the commands of a page one after the other, as its reader does, and compares what they print.

DOUGONG_TUTORIAL_SEEN=FILE keeps what was printed, as a page's author needs it.
"""

import os
from pathlib import Path

from tests.docs.transcript import fits


def in_place(typed, places):
    """`typed` for a page that tells other places: they are put in before a command, and the other way round in what
    it prints. Returns (what it printed, its exit code), both as the page says them.
    """

    def type_(command):
        for said, here in places.items():
            command = command.replace(said, here)
        seen, code = typed(command)
        for said, here in places.items():
            seen = seen.replace(here, said)
        return seen, code

    return type_


def read(name, commands, typed):
    """All of them are typed, so that one look tells everything that is no longer as the page shows it."""
    otherwise = []
    for command in commands:
        seen, code = typed(command.text)
        _keep(command.text, seen)
        where = f"{name}:{command.line}: $ {command.text}\n{seen}"
        assert code == 0 or command.tells_code, f"{where}\nended with {code}"
        if command.shown is not None and not fits(command.shown, seen):
            otherwise.append(f"{where}\nthe page shows:\n{command.shown}")
    assert not otherwise, "\n\n".join(otherwise)


def _keep(typed, seen):
    if kept := os.environ.get("DOUGONG_TUTORIAL_SEEN"):
        with Path(kept).open("a") as file:
            file.write(f"$ {typed}\n{seen}")
