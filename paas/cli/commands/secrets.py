"""`dougong secret`: stored, listed with their age, and revoked; values are written, never read."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.client import environment_of
from paas.cli.commands.applications import App, Environment, show_changes
from paas.cli.commands.values import from_file
from paas.cli.errors import UsageError
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer(help="Secrets of an environment; values are written, never read.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The secret's name.")]
COLUMNS = ["NAME", "VERSION", "AGE", "RELEASED", "KEYS", "STORE", "REMARK"]
VERSIONS = ["VERSION", "STORED", "BY", "KEYS", "REVOKED"]

Body = dict[str, Any]


@app.command(name="list")
@command
def list_secrets(
    session: Session,
    application: App,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this secret, in all its versions.")] = None,
    environment: Environment = None,
) -> None:
    """List secrets with the version in force, its age, and the version that the current release uses."""
    where = environment_of(session.client.application(application), environment)
    if name is None:
        found = session.client.secrets(str(where["id"]))
        session.output.show(
            found,
            table=lambda: table(COLUMNS, [_row(each) for each in found]),
            names=lambda: [f"secret/{each['name']}" for each in found],
        )
        return
    secret, _ = session.client.secret(str(where["id"]), name)
    session.output.show(
        secret,
        table=lambda: table(VERSIONS, [_version_row(each) for each in secret["versions"]]),
        names=lambda: [f"secret/{name}@{each['version']}" for each in secret["versions"]],
    )


@app.command(name="set")
@command
def set_secret(
    session: Session,
    application: App,
    name: Name,
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY[=VALUE]]...", help="Keys; a value left out is asked for, unseen."),
    ] = None,
    environment: Environment = None,
    from_files: Annotated[
        list[str] | None,
        typer.Option("--from-file", metavar="KEY=PATH", help="The value is a file's content; - is standard input."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A store outside that the clusters offer: of each key is then said where it is there, "
            "KEY=PLACE or KEY=PLACE#PART.",
        ),
    ] = None,
    max_age: Annotated[
        int | None,
        typer.Option(metavar="DAYS", min=0, help="From this age on it is overdue; 0 is never, else as it was."),
    ] = None,
) -> None:
    """Store a new version of a secret. Running releases keep theirs until the next deploy.

    A value on the command line is seen by others on this machine: leave it out and be asked, or use --from-file.
    """
    found = session.client.application(application)
    where = environment_of(found, environment)
    if store and from_files:
        raise UsageError("A value is in a file or in a store, not in both.")
    order: Body = _remote(store, keys or []) if store else {"values": _values(session, keys or [], from_files or [])}
    if max_age is not None:
        order["max_age_days"] = max_age
    answer = session.client.put_secret(str(where["id"]), name, order)
    given = ", ".join(sorted(order.get("values") or order["remote"]))
    session.output.show(
        answer,
        table=lambda: facts([("Stored", f"{name} with {given}"), ("Version", str(answer.get("version", "")))]),
        names=lambda: [f"secret/{name}"],
    )


@app.command()
@command
def revoke(
    session: Session,
    application: App,
    name: Name,
    version: Annotated[int | None, typer.Option(metavar="NUMBER", min=1, help="This version only; else all.")] = None,
    environment: Environment = None,
    reason: Reason = "",
    no_release: Annotated[
        bool, typer.Option("--no-release", help="Make no release: what runs gets the successor when it is deployed.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Also where it is in use and there is no successor.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do nothing: show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget the values of a secret for good. What uses one is released with its successor in the same act.

    What uses it, and what would change, is shown first. Without a successor it is refused: store one first.
    """
    where = environment_of(session.client.application(application), environment)
    order = {
        **({"version": str(version)} if version else {}),
        "release": "false" if no_release else "true",
        "force": "true" if force else "false",
        "reason": reason,
    }
    _, tag = session.client.secret(str(where["id"]), name)
    foreseen = session.client.try_revoke_secret(str(where["id"]), name, order)
    if dry_run:
        show_changes(session, foreseen)
        return
    if not yes:
        _ask(session, foreseen)
    revoked = session.client.revoke_secret(str(where["id"]), name, order, tag)
    for note in revoked["notes"]:
        session.output.note(str(note))
    numbers = ", ".join(f"v{each}" for each in revoked["versions"])
    release = f"release {revoked['release']}" if revoked["release"] else ""
    session.output.show(
        revoked,
        table=lambda: facts([("Revoked", f"{name} {numbers}"), ("Made", release)]),
        names=lambda: [f"secret/{name}@{each}" for each in revoked["versions"]],
    )


def _ask(session: Session, foreseen: Body) -> None:
    for note in foreseen["notes"]:
        session.output.note(str(note))
    if not session.output.interactive:
        raise UsageError("Values would be forgotten for good.", code="not_confirmed", remedy="Give --yes.")
    if not typer.confirm("Revoke?", err=True):
        raise UsageError("Nothing was revoked.", code="not_confirmed")


def _values(session: Session, keys: list[str], files: list[str]) -> dict[str, str]:
    values = dict(_given(session, each) for each in keys)
    values |= dict(from_file(each) for each in files)
    if not values:
        raise UsageError("There is nothing to store.", remedy="Name keys, or files with --from-file KEY=PATH.")
    return values


def _given(session: Session, argument: str) -> tuple[str, str]:
    key, separator, value = argument.partition("=")
    if not key:
        raise UsageError(f"{argument!r} names no key.")
    if not separator:
        if not session.output.interactive:
            raise UsageError(f"The value of {key} is missing.", remedy=f"Give --from-file {key}=PATH.")
        value = str(typer.prompt(key, hide_input=True, err=True))
    return key, value


def _remote(store: str, keys: list[str]) -> Body:
    pairs = [each.partition("=") for each in keys]
    if not pairs or not all(key and place for key, _, place in pairs):
        raise UsageError("Where in the store is each key?", remedy="Name KEY=PLACE or KEY=PLACE#PART.")
    return {"store": store, "remote": {key: place for key, _, place in pairs}}


def _row(secret: Body) -> list[str]:
    version = f"v{secret['version']}"
    released = f"v{secret['released']}" if secret["released"] else "-"
    return [
        str(secret["name"]),
        version,
        age(secret["age_seconds"]),
        released,
        ", ".join(secret["keys"]),
        str(secret["store"] or ""),
        "; ".join(_remarks(secret)),
    ]


def _remarks(secret: Body) -> list[str]:
    found = [] if secret["in_force"] else ["revoked"]
    if secret["overdue"]:
        found.append(f"overdue: older than {secret['max_age_days']} d")
    if secret["released"] not in (None, secret["version"]):
        found.append("the next deploy takes it")
    return found


def _version_row(version: Body) -> list[str]:
    return [
        f"v{version['version']}",
        str(version["created_at"]),
        str(version["created_by"] or ""),
        ", ".join(version["keys"]),
        str(version["revoked_at"] or ""),
    ]


def age(seconds: int) -> str:
    """In one unit: "3 d", "5 h", "12 min"."""
    passed = timedelta(seconds=seconds)
    if passed.days:
        return f"{passed.days} d"
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h" if hours else f"{rest // 60} min"
