"""An application that is there: its status, releases, logs and secrets, rollback and retirement."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live

from paas.cli import status as view
from paas.cli.client import environment_of, project_name
from paas.cli.errors import DeadlineError, UsageError
from paas.cli.output import Format, facts, table
from paas.cli.session import Session, command
from paas.cli.watch import Clock, Watch

app = typer.Typer()
secrets = typer.Typer(help="Secrets of an environment; values are written, never read.", no_args_is_help=True)
CLOCK = Clock()

App = Annotated[str, typer.Argument(metavar="APP", help="The application, as NAME or PROJECT/NAME.")]
Environment = Annotated[str | None, typer.Option("--environment", "-e", help="The environment.")]
Seconds = Annotated[float, typer.Option(metavar="SECONDS", help="How long to watch.")]
WatchFlag = Annotated[bool, typer.Option("--watch", "-w", help="Wait until all is delivered and healthy.")]


@app.command()
@command
def status(
    session: Session,
    application: App,
    environment: Environment = None,
    watch: WatchFlag = False,
    timeout: Seconds = 600,
) -> None:
    """Show where an application runs and how it is: environments, clusters, and what is not well there."""
    found = session.client.application(application)
    if environment:
        environment_of(found, environment)
    if watch:
        follow_status(session, str(found["id"]), environment, timeout)
        return
    seen = session.client.status(str(found["id"]))
    session.output.show(
        seen,
        table=lambda: view.tree(seen, environment),
        names=lambda: [f"application/{project_name(found)}/{found['name']}"],
    )


def follow_status(session: Session, application_id: str, environment: str | None, seconds: float) -> None:
    """Show the status as it changes until it is settled; with `-o json` or `yaml` one document a change.

    Raises:
        DeadlineError: it did not settle in time.
    """
    late = DeadlineError(
        f"Not all is healthy after {seconds:.0f} s.",
        code="watch_timed_out",
        remedy="It goes on; look again with `dougong status`.",
    )
    watch = Watch(
        lambda: session.client.status(application_id),
        lambda seen: view.settled(seen, environment),
        seconds,
        late,
        clock=CLOCK,
    )
    with _changes(session, environment) as show:
        for seen in watch:
            show(seen)


@contextmanager
def _changes(session: Session, environment: str | None) -> Iterator[Any]:
    """A function that shows the next sight: a tree that moves, or in a pipe what differs from the one before."""
    output = session.output
    if output.format is Format.table and output.console.is_terminal:
        with Live(console=output.console, refresh_per_second=4) as live:
            yield lambda seen: live.update(view.tree(seen, environment), refresh=True)
        return
    before: dict[str, str] = {}

    def show(seen: dict[str, Any]) -> None:
        nonlocal before
        now = view.lines(seen, environment)
        if now == before:
            return
        if output.format is Format.json:
            output.raw(json.dumps(seen, ensure_ascii=False))
        elif output.format is Format.yaml:
            output.raw("---")
            output.show(seen, table=str, names=list)
        else:
            for path, what in now.items():
                if before.get(path) != what:
                    output.raw(f"{path}: {what}")
        before = now

    yield show


@app.command()
@command
def history(session: Session, application: App, environment: Environment = None) -> None:
    """List an application's releases, newest first."""
    found = session.client.application(application)
    releases = session.client.releases(str(found["id"]))
    if environment:
        environment_of(found, environment)
        releases = [each for each in releases if _text(each, "environment") == environment]
    columns = ["RELEASE", "ENVIRONMENT", "IMAGE", "BY", "AT", "REASON"]
    session.output.show(
        releases,
        table=lambda: table(columns, [_release_row(each) for each in releases]),
        names=lambda: [f"release/{_text(each, 'number') or each['id']}" for each in releases],
    )


@app.command()
@command
def rollback(
    session: Session,
    application: App,
    to: Annotated[
        str | None, typer.Option(metavar="RELEASE", help="The release to return to; else the one before.")
    ] = None,
    environment: Environment = None,
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "",
    watch: WatchFlag = False,
    timeout: Seconds = 600,
) -> None:
    """Return an environment to an earlier release: image, config and secrets as they were."""
    found = session.client.application(application)
    where = environment_of(found, environment)
    order = {"environment": where["name"], "reason": reason, **({"release": to} if to else {})}
    answer = session.client.rollback(str(found["id"]), order)
    if watch:
        follow_status(session, str(found["id"]), str(where["name"]), timeout)
        return
    session.output.show(
        answer,
        table=lambda: facts(
            [("Rolled back", f"{found['name']} in {where['name']}"), ("to", to or "the release before")]
        ),
        names=lambda: [f"application/{project_name(found)}/{found['name']}"],
    )


@app.command()
@command
def logs(
    session: Session,
    application: App,
    environment: Environment = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    cluster: Annotated[str | None, typer.Option(metavar="NAME", help="Only this cluster.")] = None,
    process: Annotated[str | None, typer.Option(metavar="NAME", help="Only this process.")] = None,
) -> None:
    """Print what an application's processes write."""
    found = session.client.application(application)
    where = environment_of(found, environment)
    asked = {"follow": "1" if follow else "", "cluster": cluster or "", "process": process or ""}
    for data in session.client.logs(str(where["id"]), {key: text for key, text in asked.items() if text}):
        session.output.raw(data if session.output.format is Format.json else _log_line(data))


@app.command()
@command
def retire(
    session: Session,
    application: App,
    confirm: Annotated[
        str | None, typer.Option(metavar="APP", help="The application's name once more; asked for if left out.")
    ] = None,
) -> None:
    """Remove an application from every cluster, its data included."""
    found = session.client.application(application)
    if confirm is None:
        if not session.output.interactive:
            raise UsageError(
                f"{found['name']} and its data would be removed.", remedy=f"Give --confirm {found['name']}."
            )
        confirm = str(typer.prompt(f"This removes {found['name']} and its data everywhere. Its name", err=True))
    if confirm != found["name"]:
        raise UsageError(f"{confirm!r} is not the name of the application.", code="not_confirmed")
    answer = session.client.retire(str(found["id"]), confirm)
    session.output.show(
        answer,
        table=lambda: facts([("Retiring", str(found["name"]))]),
        names=lambda: [f"application/{project_name(found)}/{found['name']}"],
    )


@secrets.command(name="set")
@command
def set_secret(
    session: Session,
    application: App,
    name: Annotated[str, typer.Argument(help="The secret's name.")],
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY[=VALUE]]...", help="Keys; a value left out is asked for, unseen."),
    ] = None,
    environment: Environment = None,
    from_files: Annotated[
        list[str] | None,
        typer.Option("--from-file", metavar="KEY=PATH", help="The value is a file's content; - is standard input."),
    ] = None,
) -> None:
    """Store a new version of a secret. Running releases keep theirs until the next deploy.

    A value on the command line is seen by others on this machine: leave it out and be asked, or use --from-file.
    """
    found = session.client.application(application)
    where = environment_of(found, environment)
    values = dict(_given(session, each) for each in keys or [])
    values |= dict(from_file(each) for each in from_files or [])
    if not values:
        raise UsageError("There is nothing to store.", remedy="Name keys, or files with --from-file KEY=PATH.")
    answer = session.client.put_secret(str(where["id"]), name, values)
    session.output.show(
        answer,
        table=lambda: facts(
            [("Stored", f"{name} with {', '.join(sorted(values))}"), ("Version", _text(answer, "version"))]
        ),
        names=lambda: [f"secret/{name}"],
    )


def _given(session: Session, argument: str) -> tuple[str, str]:
    key, separator, value = argument.partition("=")
    if not key:
        raise UsageError(f"{argument!r} names no key.")
    if not separator:
        if not session.output.interactive:
            raise UsageError(f"The value of {key} is missing.", remedy=f"Give --from-file {key}=PATH.")
        value = str(typer.prompt(key, hide_input=True, err=True))
    return key, value


def from_file(argument: str) -> tuple[str, str]:
    """The key and the content of KEY=PATH. UsageError where the file cannot be read."""
    key, _, path = argument.partition("=")
    if not key or not path:
        raise UsageError(f"--from-file {argument!r} is not KEY=PATH.")
    try:
        return key, sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", code="file_unreadable") from None


def _release_row(release: dict[str, Any]) -> list[str]:
    image = _text(release, "image") or _text(release.get("spec") or {}, "image")
    who = _text(release, "created_by") or _text(release, "actor")
    number = _text(release, "number") or _text(release, "id")
    return [number, _text(release, "environment"), image, who, _text(release, "created_at"), _text(release, "reason")]


def _text(body: dict[str, Any], key: str) -> str:
    """A field as text; of an object its name."""
    found = body.get(key)
    if isinstance(found, dict):
        found = found.get("name") or found.get("username") or found.get("id")
    return "" if found is None else str(found)


def _log_line(data: str) -> str:
    """A line with where it was written, if the event says so; else the event as it is."""
    try:
        found = json.loads(data)
    except ValueError:
        return data
    if not isinstance(found, dict):
        return data
    where = "/".join(str(found[key]) for key in ("cluster", "pod") if found.get(key))
    line = str(found.get("line") or found.get("message") or "").rstrip("\n")
    return f"{where} {line}" if where else line
