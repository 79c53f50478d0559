"""`dougong tenant …`: what a team gets in its namespaces on clusters."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paas.cli.errors import UsageError
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer(help="What teams get in their namespaces on clusters.", no_args_is_help=True)
Body = dict[str, Any]

FIGURES = ("cpu", "memory", "pods", "storage", "volumes", "egress")
INHERITED = "inherited"


@app.command()
@command
def show(session: Session, team: Annotated[str, typer.Argument(metavar="TEAM", help="The team's name.")]) -> None:
    """Show what a team gets in each of its namespaces, cluster by cluster, and which layer says so."""
    found = session.client.team_clusters(team)
    session.output.show(
        found,
        table=lambda: table(
            ["CLUSTER", "ENVIRONMENTS", "FIGURE", "VALUE", "SAID BY"],
            [
                [each["cluster"], str(each["environments"]), name, figure["value"], figure["said_by"] or "default"]
                for each in found
                for name, figure in each["figures"].items()
            ],
        ),
        names=lambda: [f"cluster/{each['cluster']}" for each in found],
    )


@app.command(name="set")
@command
def set_figures(
    session: Session,
    figures: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=VALUE...",
            help="cpu, memory, pods, storage, volumes: an amount or unlimited; egress: closed or open. "
            "inherited takes it back to what the broader layer says.",
        ),
    ],
    team: Annotated[str, typer.Option(metavar="NAME", help="For this team; else for all.")] = "",
    cluster: Annotated[str, typer.Option(metavar="NAME", help="On this cluster; else on all.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "",
) -> None:
    """Change what teams get; operators do. Namespaces that it reaches follow within half a minute."""
    given = {name: None if value == INHERITED else value for name, value in map(_pair, figures)}
    layer = {name: value for name, value in (("team", team), ("cluster", cluster)) if value}
    made = session.client.set_tenant_policy(layer, {"figures": given, "reason": reason})
    said = ", ".join(f"{name} {value}" for name, value in made["figures"].items())
    session.output.show(
        made,
        table=lambda: facts(
            [("Of", made["of"]), ("Says", said or "nothing of its own"), ("Namespaces", str(made["grounds"]))]
        ),
        names=lambda: [made["of"]],
    )


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign or not value:
        raise UsageError(f"{text!r} is not NAME=VALUE.", remedy=f"A figure is one of {', '.join(FIGURES)}.")
    return name, value
