"""`dougong pull-secret …`: a team's credentials for registries; a password is written, never read."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.commands.secrets import age
from paas.cli.errors import UsageError
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer(help="Credentials for registries, by which all of a team's pods pull images.", no_args_is_help=True)

Team = Annotated[str, typer.Argument(metavar="TEAM", help="The team's name.")]
Registry = Annotated[
    str, typer.Argument(metavar="REGISTRY", help="Its host, such as ghcr.io or registry.example:5000.")
]
Body = dict[str, Any]


@app.command(name="list")
@command
def list_pull_secrets(session: Session, team: Team) -> None:
    """List a team's credentials for registries with their age; never a password."""
    found = session.client.pull_secrets(team)
    session.output.show(
        found,
        table=lambda: table(["REGISTRY", "USERNAME", "VERSION", "AGE", "BY", "REMARK"], [_row(each) for each in found]),
        names=lambda: [f"pull-secret/{each['registry']}" for each in found],
    )


@app.command(name="set")
@command
def set_pull_secret(
    session: Session,
    team: Team,
    registry: Registry,
    username: Annotated[str, typer.Option(metavar="NAME", help="Who pulls.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="The password is on standard input; else it is asked for, unseen.")
    ] = False,
) -> None:
    """Store a credential for a registry, or replace it; the team's owners do. Its pods have it within half a minute."""
    password = sys.stdin.read().rstrip("\r\n") if password_stdin else _asked(session, registry)
    made = session.client.set_pull_secret(team, registry, {"username": username, "password": password})
    session.output.show(
        made,
        table=lambda: facts([("Stored", f"{registry} for {username}"), ("Version", str(made["version"]))]),
        names=lambda: [f"pull-secret/{registry}"],
    )


@app.command()
@command
def revoke(
    session: Session,
    team: Team,
    registry: Registry,
    confirm: Annotated[
        str | None, typer.Option(metavar="REGISTRY", help="The registry once more; asked for if left out.")
    ] = None,
    reason: Reason = "",
) -> None:
    """Forget a credential for good, and take it from all the team's namespaces; the team's owners do."""
    if confirm is None:
        if not session.output.interactive:
            raise UsageError(f"The credential for {registry} would be forgotten.", remedy=f"Give --confirm {registry}.")
        confirm = str(typer.prompt(f"Pods that need {registry} will not start any more. Its name", err=True))
    made = session.client.revoke_pull_secret(team, registry, confirm, reason)
    session.output.show(
        made,
        table=lambda: facts([("Revoked", f"{registry} v{made['version']}")]),
        names=lambda: [f"pull-secret/{registry}"],
    )


def _asked(session: Session, registry: str) -> str:
    if not session.output.interactive:
        raise UsageError(f"The password for {registry} is needed.", remedy="Give it with --password-stdin.")
    return str(typer.prompt(f"Password for {registry}", hide_input=True, err=True))


def _row(found: Body) -> list[str]:
    stored = [f"v{found['version']}", age(found["age_seconds"]), str(found["created_by"] or "")]
    return [found["registry"], found["username"], *stored, "" if found["in_force"] else "revoked"]
