"""An application that is there: its status, releases and logs, and rollback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live

from paas.cli import changes, completion
from paas.cli import logs as lines
from paas.cli import status as view
from paas.cli.arguments import Reason
from paas.cli.client import environment_of, project_name
from paas.cli.errors import DeadlineError, ExitCode, UsageError
from paas.cli.output import Format, facts, table
from paas.cli.session import Session, command
from paas.cli.watch import Clock, Watch

app = typer.Typer()
CLOCK = Clock()

App = Annotated[
    str,
    typer.Argument(
        metavar="APP", help="The application, as NAME or PROJECT/NAME.", autocompletion=completion.applications
    ),
]
Environment = Annotated[
    str | None,
    typer.Option("--environment", "-e", help="The environment.", autocompletion=completion.environments),
]
Seconds = Annotated[float, typer.Option(metavar="SECONDS", help="How long to watch.")]
WatchFlag = Annotated[bool, typer.Option("--watch", "-w", help="Wait until all is delivered and healthy.")]

ExitCodeFlag = Annotated[
    bool, typer.Option("--exit-code", help="End with 7 where there are changes, with 0 where there are none.")
]


@app.command()
@command
def status(
    session: Session,
    applications: Annotated[
        list[str],
        typer.Argument(
            metavar="APP...",
            help="The application, as NAME or PROJECT/NAME; or several.",
            autocompletion=completion.applications,
        ),
    ],
    environment: Environment = None,
    watch: WatchFlag = False,
    timeout: Seconds = 600,
) -> None:
    """Show where an application runs and how it is: environments, clusters, and what is not well there."""
    if watch and len(applications) > 1:
        raise UsageError("Only one application is watched at a time.", remedy="Leave out --watch, or name one.")
    found = [session.client.application(each) for each in applications]
    if environment:
        for each in found:
            environment_of(each, environment)
    if watch:
        follow_status(session, str(found[0]["id"]), environment, timeout)
        return
    seen = [session.client.status(str(each["id"])) for each in found]
    session.output.show(
        seen[0] if len(seen) == 1 else seen,
        table=lambda: Group(*(view.tree(each, environment) for each in seen)),
        names=lambda: [_name(each) for each in found],
    )


@app.command(name="apps")
@command
def list_applications(
    session: Session,
    project: Annotated[str | None, typer.Option(metavar="NAME", help="Only this project.")] = None,
    team: Annotated[str | None, typer.Option(metavar="NAME", help="Only this team.")] = None,
    cluster: Annotated[str | None, typer.Option(metavar="NAME", help="Only those on this cluster.")] = None,
    health: Annotated[
        str | None, typer.Option(metavar="HEALTH", help="Only those with an environment so: Healthy, Degraded, …")
    ] = None,
) -> None:
    """List applications with the health and release of each environment."""
    asked = {"project": project, "team": team, "cluster": cluster, "health": health}
    found = session.client.applications({key: text for key, text in asked.items() if text})
    columns = ["NAME", "ENVIRONMENT", "HEALTH", "RELEASE", "CLUSTERS"]
    session.output.show(
        found,
        table=lambda: table(columns, [row for each in found for row in _environment_rows(each)]),
        names=lambda: [_name(each) for each in found],
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


def show_changes(session: Session, dry_run: dict[str, Any], *, exit_code: bool = False) -> None:
    """Show a dry run; with `exit_code` end with a code of its own where there are changes."""
    for note in dry_run.get("notes") or ():
        session.output.note(str(note))
    session.output.show(dry_run, table=lambda: changes.shown(dry_run), names=lambda: changes.names(dry_run))
    if exit_code and dry_run.get("changed"):
        raise typer.Exit(int(ExitCode.CHANGES))


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
    reason: Reason = "",
    watch: WatchFlag = False,
    timeout: Seconds = 600,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do nothing: show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Return an environment to an earlier release: image, config and secrets as they were.

    A secret version that was revoked since is replaced by its successor; that is shown first.
    """
    found = session.client.application(application)
    where = environment_of(found, environment)
    order = {"environment": where["name"], "reason": reason, **({"release": to} if to else {})}
    foreseen = session.client.try_rollback(str(found["id"]), order)
    if dry_run:
        show_changes(session, foreseen)
        return
    _show_successors(session, foreseen, ask=not yes)
    answer = session.client.rollback(str(found["id"]), order)
    if watch:
        follow_status(session, str(found["id"]), str(where["name"]), timeout)
        return
    session.output.show(
        answer,
        table=lambda: facts(
            [("Rolled back", f"{found['name']} in {where['name']}"), ("to", to or "the release before")]
        ),
        names=lambda: [_name(found)],
    )


def _show_successors(session: Session, foreseen: dict[str, Any], *, ask: bool) -> None:
    """Where a release would have other secrets than those of its time: say which, and ask who can be asked."""
    replaced = foreseen.get("secrets") or []
    for each in replaced:
        session.output.note(f"{each['name']} v{each['version']} was revoked: v{each['successor']} is used instead.")
    if replaced and ask and session.output.interactive and not typer.confirm("Roll back with these?", err=True):
        raise UsageError("Nothing was changed.", code="not_confirmed")


@app.command()
@command
def logs(
    session: Session,
    application: App,
    environment: Environment = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    cluster: Annotated[str | None, typer.Option(metavar="NAME", help="Only this cluster.")] = None,
    process: Annotated[str | None, typer.Option(metavar="NAME", help="Only this process.")] = None,
    container: Annotated[
        str, typer.Option(metavar="NAME", help="A container beside or before a process, in place of the process.")
    ] = "",
    release: Annotated[str, typer.Option(metavar="RELEASE", help="Only pods of this release, such as r8.")] = "",
    tail: Annotated[int | None, typer.Option(min=0, help="So many of the last lines of each pod; else 100.")] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="Only from this time on, such as 2026-01-31T12:00Z.")] = "",
    previous: Annotated[
        bool, typer.Option("--previous", "-p", help="Of the containers before their last restart.")
    ] = False,
) -> None:
    """Print what an application's processes write, on all its clusters, in the order of time.

    A line says its pod and the release that brought it: the latest one that changed its workload. On a terminal each
    pod has a colour of its own; with -o json each line is an object.
    """
    found = session.client.application(application)
    where = environment_of(found, environment)
    asked = {"follow": "true" if follow else "", "cluster": cluster or "", "process": process or ""}
    asked |= {
        "container": container,
        "release": release,
        "tail": "" if tail is None else str(tail),
        "since": since,
        "previous": "true" if previous else "",
    }
    events = session.client.logs(str(where["id"]), {key: text for key, text in asked.items() if text})
    colours = lines.Colours()
    for line in lines.in_order(events, follow=follow):
        if session.output.format is Format.json:
            session.output.raw(line.data)
        else:
            session.output.line(colours.shown(line))


def _name(application: dict[str, Any]) -> str:
    return f"application/{project_name(application)}/{application['name']}"


def _environment_rows(application: dict[str, Any]) -> list[list[str]]:
    """One for each environment; one for an application without."""
    name = f"{project_name(application)}/{application['name']}"
    return [
        [
            name,
            str(each["name"]),
            str(each.get("health", "")),
            _text(each, "release"),
            ",".join(each.get("clusters") or ()),
        ]
        for each in application.get("environments") or ()
    ] or [[name, "", str(application.get("state", "")), "", ""]]


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
