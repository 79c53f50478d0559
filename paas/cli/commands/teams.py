"""`dougong team …` and `dougong project …`: who belongs together, and the rooms their applications live in."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason, Role
from paas.cli.output import facts, table
from paas.cli.session import Session, command

teams = typer.Typer(help="Teams: who may do what with what belongs to them.", no_args_is_help=True)
projects = typer.Typer(help="Projects: the rooms that applications of a team live in.", no_args_is_help=True)

Team = Annotated[str, typer.Argument(metavar="TEAM", help="The team's name.")]
Username = Annotated[str, typer.Argument(metavar="USERNAME", help="The person's name.")]
Title = Annotated[str, typer.Option(help="What people read; else the name.")]


@teams.command(name="list")
@command
def list_teams(session: Session) -> None:
    """List the teams you may view."""
    found = session.client.teams()
    session.output.show(
        found,
        table=lambda: table(
            ["NAME", "TITLE", "YOU MAY", "REMARK"],
            [[each["name"], each["title"], ", ".join(each["permissions"]), _remark(each)] for each in found],
        ),
        names=lambda: [f"team/{each['name']}" for each in found],
    )


@teams.command(name="create")
@command
def create_team(session: Session, team: Team, title: Title = "") -> None:
    """Make a team; operators do. Whoever makes it owns it."""
    _show_team(session, session.client.create_team({"name": team, **({"title": title} if title else {})}))


@teams.command()
@command
def rename(
    session: Session, team: Team, title: Annotated[str, typer.Argument(metavar="TITLE", help="What people read.")]
) -> None:
    """Give a team another title; its owners do. Its name, which is in addresses and on clusters, never changes."""
    _show_team(session, session.client.rename_team(team, title))


@teams.command()
@command
def members(session: Session, team: Team) -> None:
    """List who is on a team, owners first."""
    show_members(session, session.client.members(team))


@teams.command()
@command
def add(
    session: Session,
    team: Team,
    username: Username,
    role: Role = "viewer",
) -> None:
    """Give a person a role on a team, or another one; its owners do."""
    found = session.client.set_member(team, username, role)
    show_added(session, "team", team, username, role, found)


@teams.command()
@command
def remove(session: Session, team: Team, username: Username) -> None:
    """Take a person's role on a team away; its owners do. A team keeps an owner."""
    session.client.remove_member(team, username)
    show_removed(session, "team", team, username)


@teams.command()
@command
def cordon(
    session: Session, team: Team, reason: Annotated[str, typer.Option(help="Why; whoever is refused reads it.")]
) -> None:
    """Accept nothing new of a team: no release, environment or run; operators do. What runs goes on."""
    _show_holds(session, session.client.cordon_team(team, {"cordoned": True, "reason": reason}))


@teams.command()
@command
def uncordon(session: Session, team: Team, reason: Reason = "") -> None:
    """Accept what is new of a team again; operators do."""
    _show_holds(session, session.client.cordon_team(team, {"cordoned": False, "reason": reason}))


@teams.command()
@command
def protect(
    session: Session,
    team: Team,
    off: Annotated[bool, typer.Option("--off", help="End the protection; that needs a reason.")] = False,
    reason: Reason = "",
) -> None:
    """Let nothing of a team be removed, neither application nor environment; its owners do."""
    _show_holds(session, session.client.protect_team(team, {"protected": not off, "reason": reason}))


@projects.command(name="list")
@command
def list_projects(
    session: Session, team: Annotated[str, typer.Option(metavar="NAME", help="Only this team's.")] = ""
) -> None:
    """List the projects you may view."""
    found = session.client.projects({"team": team} if team else {})
    session.output.show(
        found,
        table=lambda: table(
            ["NAME", "TEAM", "TITLE", "APPLICATIONS"],
            [[each["name"], each["team"], each["title"], str(each["applications"])] for each in found],
        ),
        names=lambda: [f"project/{each['name']}" for each in found],
    )


@projects.command(name="create")
@command
def create_project(
    session: Session,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")],
    team: Annotated[str, typer.Option(metavar="NAME", help="The team it belongs to.")],
    title: Title = "",
) -> None:
    """Make a project of a team; the team's owners do."""
    made = session.client.create_project({"name": project, "team": team, "title": title})
    session.output.show(
        made,
        table=lambda: facts([("Project", str(made["name"])), ("Team", str(made["team"]))]),
        names=lambda: [f"project/{made['name']}"],
    )


def _remark(team: dict[str, Any]) -> str:
    held = (("cordoned", team["cordon"]), ("protected", team["protected"]))
    return ", ".join(word for word, holds in held if holds)


def _show_team(session: Session, team: dict[str, Any]) -> None:
    session.output.show(
        team,
        table=lambda: facts([("Team", str(team["name"])), ("Title", str(team["title"]))]),
        names=lambda: [f"team/{team['name']}"],
    )


def _show_holds(session: Session, team: dict[str, Any]) -> None:
    cordon = team["cordon"]
    session.output.show(
        team,
        table=lambda: facts(
            [
                ("Team", team["name"]),
                ("Cordoned", f"by {cordon['by']}: {cordon['reason']}" if cordon else "no"),
                ("Protected", "yes" if team["protected"] else "no"),
            ]
        ),
        names=lambda: [f"team/{team['name']}"],
    )


def show_members(session: Session, found: list[dict[str, Any]]) -> None:
    """Who has which role on a team, a project or the platform."""
    session.output.show(
        found,
        table=lambda: table(["USERNAME", "ROLE"], [[each["username"], each["role"]] for each in found]),
        names=lambda: [each["username"] for each in found],
    )


def show_added(session: Session, kind: str, name: str, username: str, role: str, found: list[dict[str, Any]]) -> None:
    """Who has which role on a team or a project now; `found` are all members."""
    session.output.show(
        found,
        table=lambda: facts([(f"On {kind}", name), ("Added", f"{username} as {role}")]),
        names=lambda: [each["username"] for each in found],
    )


def show_removed(session: Session, kind: str, name: str, username: str) -> None:
    """Whose role on a team or a project is gone."""
    session.output.show(
        {kind: name, "removed": username},
        table=lambda: facts([(f"On {kind}", name), ("Removed", username)]),
        names=lambda: [username],
    )
