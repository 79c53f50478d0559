"""`dougong freeze …`: times in which nothing new is released."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.output import table
from paas.cli.session import Session, command

app = typer.Typer(help="Freezes: times in which nothing new is released.", no_args_is_help=True)

OverrideFreeze = Annotated[
    bool, typer.Option("--override-freeze", help="In spite of a freeze; for owners, with --reason.")
]
Team = Annotated[str, typer.Option(metavar="NAME", help="Whose environments; else those of all teams.")]


@app.command(name="list")
@command
def list_freezes(
    session: Session,
    team: Team = "",
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """List what is frozen now or will be: by your teams and by the platform."""
    found = session.client.freezes({**({"team": team} if team else {}), **({"over": "true"} if everything else {})})
    _show(session, found)


@app.command()
@command
def create(
    session: Session,
    starts: Annotated[str, typer.Option("--from", metavar="TIME", help="Such as 2026-12-24T18:00.")],
    ends: Annotated[str, typer.Option("--until", metavar="TIME", help="Such as 2027-01-02T08:00.")],
    reason: Annotated[str, typer.Option(help="Why; it is told to whoever is refused.")],
    team: Team = "",
    environment: Annotated[
        list[str] | None,
        typer.Option("--environment", "-e", help="Only environments of this name; else all that are protected."),
    ] = None,
    time_zone: Annotated[str, typer.Option(metavar="ZONE", help="Of the times, such as Europe/Berlin.")] = "UTC",
) -> None:
    """Keep what is new out of environments for a time; owners of the team do, operators for all teams."""
    order = {
        "team": team or None,
        "environments": environment or [],
        "starts": starts,
        "ends": ends,
        "time_zone": time_zone,
        "reason": reason,
    }
    _show(session, [session.client.declare_freeze(order)])


@app.command()
@command
def end(
    session: Session,
    freeze: Annotated[str, typer.Argument(metavar="ID", help="Which one, as `dougong freeze list` shows it.")],
    reason: Reason = "",
) -> None:
    """End a freeze before its time."""
    _show(session, [session.client.end_freeze(freeze, reason)])


def _show(session: Session, found: list[dict[str, Any]]) -> None:
    session.output.show(
        found,
        table=lambda: table(
            ["ID", "TEAM", "ENVIRONMENTS", "FROM", "UNTIL", "BY", "REASON"], [_row(each) for each in found]
        ),
        names=lambda: [f"freeze/{each['id']}" for each in found],
    )


def _row(each: dict[str, Any]) -> list[str]:
    times = [str(each[when])[:16] for when in ("starts_at", "ends_at")]
    names = ", ".join(each["environments"]) or "protected"
    return [each["id"], each["team"] or "all", names, *times, each["created_by"], each["reason"]]
