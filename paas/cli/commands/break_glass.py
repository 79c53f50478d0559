"""`dougong break-glass …`: an operator takes a role on a team for a time."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paas.cli.commands.teams import Team
from paas.cli.errors import MissingError
from paas.cli.output import table
from paas.cli.session import Session, command

app = typer.Typer(
    help="Break-glass: operators take a role on a team for a time, and its owners see it.", no_args_is_help=True
)


@app.command()
@command
def take(
    session: Session,
    team: Team,
    reason: Annotated[str, typer.Option(help="Why; the team's owners read it.")],
    role: Annotated[str, typer.Option(metavar="ROLE", help="owner, releaser, developer or viewer.")] = "owner",
    minutes: Annotated[int | None, typer.Option(help="For how long; else as long as the platform lets.")] = None,
) -> None:
    """Take a role on a team for yourself and for a time; operators do. It ends by itself."""
    order = {"role": role, "reason": reason, **({"minutes": minutes} if minutes else {})}
    _show(session, [session.client.take_role(team, order)])


@app.command(name="list")
@command
def list_taken(session: Session, team: Team) -> None:
    """List roles that were taken on a team, the latest first."""
    _show(session, session.client.taken_roles(team))


@app.command()
@command
def end(
    session: Session,
    team: Team,
    taken: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Which one, as `list` shows it; else your own.")
    ] = None,
) -> None:
    """End a role before its time: your own, or as an owner of the team anyone's."""
    chosen = taken or _mine(session, team)
    session.client.end_taken_role(team, chosen)
    session.output.note("It is over.")


def _mine(session: Session, team: str) -> str:
    me = session.client.me()["username"]
    # The latest comes first, and a person has one at a time.
    for each in session.client.taken_roles(team):
        if each["username"] == me:
            return str(each["id"])
    raise MissingError(f"You have taken no role on {team}.", code="break_glass_not_found")


def _show(session: Session, found: list[dict[str, Any]]) -> None:
    session.output.show(
        found,
        table=lambda: table(["ID", "WHO", "ROLE", "FROM", "UNTIL", "ENDED", "REASON"], [_row(each) for each in found]),
        names=lambda: [f"break-glass/{each['id']}" for each in found],
    )


def _row(each: dict[str, Any]) -> list[str]:
    times = [str(each[when] or "")[:16] for when in ("taken_at", "until", "ended_at")]
    return [each["id"], each["username"], each["role"], *times, each["reason"]]
