"""`manage.py problems_reference > docs/problems.md`: every code a refusal can carry, from the code that refuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.management.base import BaseCommand

from paas.core import meanings
from paas.core.codes import VARIES, Code, codes

HEAD = """# Refusals and their codes

Whatever the API refuses is answered as `application/problem+json` (RFC 9457) with a `code` that stays as it is, a
`detail` for people, and mostly a `rule` and a `remedy`. The command shows the same and ends with the exit code of its
kind ([cli.md](cli.md)). `dougong explain CODE` tells a line of this page. Where a form or an app file is wrong,
`errors` names every place.

This page is written by `manage.py problems_reference` from the source; a test keeps it complete. "…" stands for what
varies. The API speaks English; the console says what a code means in the reader's language.
"""
ROOMS = {"paas": "Of every request, people, teams and tokens", "clusters": "Clusters", "apps": "Applications"}
TABLE = (
    "\n## {title}\n\n| code | status | what it means | what is said | rule | what to do |\n|---|---|---|---|---|---|\n"
)


class Command(BaseCommand):
    """Prints Markdown."""

    help = "Print docs/problems.md."

    def handle(self, *args: Any, **options: Any) -> None:
        """The whole page on standard output."""
        self.stdout.write(reference(), ending="")


def reference() -> str:
    """The page."""
    found = codes()
    return HEAD + "".join(
        TABLE.format(title=title) + "".join(_row(each) for each in found if each.room == room)
        for room, title in ROOMS.items()
    )


def _row(code: Code) -> str:
    meaning = meanings.of_refusal(code.code)
    said = _cell([each for each in code.messages if each != meaning])
    status = f"{code.status} {HTTPStatus(code.status).phrase}"
    cells = [f"`{code.code}`", status, meaning, said, _cell(code.rules), _cell(code.remedies)]
    return f"| {' | '.join(cells)} |\n"


def _cell(texts: list[str]) -> str:
    told = [each for each in texts if each.strip(f"{VARIES}. ")]
    return "<br>".join(told).replace("|", "\\|").replace("\n", " ")
