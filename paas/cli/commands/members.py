"""Roles narrower and wider than a team's: `dougong project add …` on one project, `dougong platform …` on the whole."""

from __future__ import annotations

from typing import Annotated

import typer

from paas.cli.arguments import Role
from paas.cli.commands.teams import Username, projects, show_added, show_members, show_removed
from paas.cli.session import Session, command

platform = typer.Typer(help="The platform: who operates it, who audits it.", no_args_is_help=True)

Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]
PlatformRole = Annotated[
    str, typer.Option(metavar="ROLE", help="operator, or auditor: views everything, changes nothing.")
]


@projects.command()
@command
def members(session: Session, project: Project) -> None:
    """List who has a role on a project alone; members of its team have theirs there too."""
    show_members(session, session.client.project_members(project))


@projects.command()
@command
def add(
    session: Session,
    project: Project,
    username: Username,
    role: Role = "viewer",
) -> None:
    """Give a person a role on a project and nothing else of its team; its owners do."""
    found = session.client.set_project_member(project, username, role)
    show_added(session, "project", project, username, role, found)


@projects.command()
@command
def remove(session: Session, project: Project, username: Username) -> None:
    """Take a person's role on a project away; its owners do. What they may through its team stays."""
    session.client.remove_project_member(project, username)
    show_removed(session, "project", project, username)


@platform.command(name="members")
@command
def platform_members(session: Session) -> None:
    """List operators and auditors; for themselves to see."""
    show_members(session, session.client.platform_members())


@platform.command(name="add")
@command
def add_to_platform(session: Session, username: Username, role: PlatformRole) -> None:
    """Make a person an operator or an auditor; operators do."""
    show_members(session, session.client.set_platform_role(username, role, held=True))


@platform.command(name="remove")
@command
def remove_from_platform(session: Session, username: Username, role: PlatformRole) -> None:
    """Take a person's role on the platform away; operators do."""
    show_members(session, session.client.set_platform_role(username, role, held=False))
