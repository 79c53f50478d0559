"""A page of the docs as a list of commands and what they show. Pure.

A block `sh` is one script whose output the page does not show. A block `console` is what a terminal shows: a command
behind `$ `, its further lines behind `> `, then what it prints. In there `…` stands for what varies: alone in a line
for any lines or none, within a line for any text. How many blanks stand between two words does not matter, since
columns are as wide as what is in them.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY = "…"


@dataclass(frozen=True)
class Command:
    """`shown` is None where the page shows no output. `tells_code`: the next command asks how this one ended."""

    line: int
    text: str
    shown: str | None
    tells_code: bool = False


def blocks(page):
    """(language, text, line) of each fenced block."""
    return [(found[1], found[2], page.count("\n", 0, found.start(2)) + 1) for found in FENCE.finditer(page)]


def commands(page):
    """Every command of the page, in order."""
    found = []
    for language, text, line in blocks(page):
        if language == "sh":
            found.append(Command(line, text.strip(), None))
        elif language == "console":
            found += _of_terminal(text, line)
    asked = [after.text == "echo $?" for _, after in pairwise(found)] + [False]
    return [Command(each.line, each.text, each.shown, code) for each, code in zip(found, asked, strict=True)]


def _of_terminal(text, line):
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not parts[0], f"line {line}: a console block begins with a command"
    for part in parts[1:]:
        first, *rest = part.splitlines()
        more = [each for each in rest if each.startswith("> ")]
        typed = "\n".join([first, *(each.removeprefix("> ") for each in more)])
        yield Command(line, typed, "\n".join(rest[len(more) :]))
        line += len(rest) + 1


def fits(shown, seen):
    """Whether what was seen is what the page shows."""
    parts = [_line(each) for each in shown.splitlines()]
    return re.fullmatch("".join(parts), _plain(seen)) is not None


def _line(text):
    if text.strip() == ANY:
        return r"(?:[^\n]*\n)*"
    return ".*".join(map(re.escape, _blanks(text).split(ANY))) + "\n"


def _plain(seen):
    return "".join(f"{_blanks(each)}\n" for each in seen.splitlines())


def _blanks(line):
    return re.sub(r"\s+", " ", line).strip()
