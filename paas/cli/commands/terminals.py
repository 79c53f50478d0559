"""`dougong exec`: a terminal in a container, who opened which before, and what they showed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.calls import Body
from paas.cli.client import environment_of
from paas.cli.commands.applications import App
from paas.cli.errors import UsageError
from paas.cli.output import facts, table
from paas.cli.session import Session, command
from paas.cli.terminal import joined

app = typer.Typer()

SHELL = ["sh"]
# The exit code where the terminal ended before the command, as of ssh.
BROKEN_OFF = 255
# Nobody waits longer for the next line of a replay.
MOST_PAUSE = 2.0


@app.command(name="exec")
@command
def execute(
    session: Session,
    application: App,
    environment: Annotated[str, typer.Argument(metavar="ENV", help="The environment.")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND...]", help="The command and its arguments; else sh.")
    ] = None,
    process: Annotated[str, typer.Option(metavar="NAME", help="Of this process; else of any.")] = "",
    cluster: Annotated[str, typer.Option(metavar="NAME", help="On this cluster; else on the first.")] = "",
    pod: Annotated[str, typer.Option(metavar="NAME", help="In this pod; else in the newest that is ready.")] = "",
    reason: Reason = "",
    allow: Annotated[
        bool | None, typer.Option("--allow/--forbid", help="Turn terminals in the environment on or off, and end.")
    ] = None,
    recordings: Annotated[bool, typer.Option("--recordings", help="List who opened which terminal, and end.")] = False,
    replay: Annotated[str, typer.Option(metavar="ID", help="Show what was recorded of a terminal, and end.")] = "",
) -> None:
    """Run a command in a container of an environment, recorded and limited in time.

    On a terminal the command gets one; in a pipe its output and errors come apart. It ends with the command's exit
    code, and with 255 where the terminal ended before the command.
    """
    where = environment_of(session.client.application(application), environment)
    identifier = str(where["id"])
    if allow is not None:
        _show_access(session, session.client.allow_exec(identifier, {"allowed": allow, "reason": reason}))
    elif recordings:
        _list(session, session.client.terminals({"environment": identifier}))
    elif replay:
        _replay(session, session.client.recording(replay))
    else:
        order = {"command": words or SHELL, "process": process, "cluster": cluster, "pod": pod, "reason": reason}
        _open(session, identifier, order)


def _open(session: Session, identifier: str, order: Body) -> None:
    client, output = session.client, session.output
    as_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    limits = client.exec_access(identifier)
    opened = client.open_terminal(identifier, {**order, "tty": as_terminal})
    output.note(
        f"{opened['cluster']}/{opened['pod']}, recorded. It ends after {limits['seconds'] // 60} minutes, or "
        f"{limits['idle_seconds'] // 60} in which nothing is typed or printed."
    )
    ended = joined(client.http.server, str(opened["id"]), str(opened["ticket"]), as_terminal=as_terminal)
    if ended.message or ended.exit_code is None:
        output.note(f"{ended.ending}: {ended.message}" if ended.message else ended.ending)
    raise SystemExit(BROKEN_OFF if ended.exit_code is None else ended.exit_code)


def _show_access(session: Session, access: Body) -> None:
    said = "on" if access["allowed"] else "off"
    rows = [("Terminals", said), ("Platform", "on" if access["platform"] else "off, by DOUGONG_EXEC_ENABLED")]
    session.output.show(access, table=lambda: facts(rows), names=lambda: [said])


def _list(session: Session, found: list[Body]) -> None:
    columns = ["ID", "OPENED", "BY", "WHERE", "COMMAND", "ENDED", "REASON"]
    rows = [
        [
            str(each["id"]),
            f"{datetime.fromisoformat(each['opened_at']):%Y-%m-%d %H:%M}",
            str(each["opened_by"]),
            f"{each['cluster']}/{each['pod']}",
            " ".join(each["command"]),
            _ending(each),
            str(each["reason"]),
        ]
        for each in found
    ]
    session.output.show(found, table=lambda: table(columns, rows), names=lambda: [str(each["id"]) for each in found])


def _ending(terminal: Body) -> str:
    code = terminal["exit_code"]
    return str(terminal["ending"] or "open") + (f" {code}" if code is not None else "")


def _replay(session: Session, lines: Iterator[str]) -> None:
    """In its own time where a person looks; in a pipe the recording itself, which asciinema plays."""
    if not session.output.console.is_terminal:
        for line in lines:
            session.output.raw(line)
        return
    before = 0.0
    for seconds, kind, text in _events(lines):
        if kind == "o":
            time.sleep(min(max(seconds - before, 0), MOST_PAUSE))
            before = seconds
            sys.stdout.write(text)
            sys.stdout.flush()


def _events(lines: Iterator[str]) -> Iterator[tuple[float, str, str]]:
    for line in lines:
        try:
            event: Any = json.loads(line)
        except ValueError:
            raise UsageError("This is no recording.") from None
        if isinstance(event, list) and len(event) == 3:  # noqa: PLR2004 - seconds, kind, text
            yield float(event[0]), str(event[1]), str(event[2])
