"""`dougong tenant …`: what a team gets in its namespaces on clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.errors import UsageError
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer(help="What teams get in their namespaces on clusters.", no_args_is_help=True)
Body = dict[str, Any]

FIGURES = ("cpu", "memory", "pods", "storage", "volumes", "egress", "registries", "pools", "placement")
INHERITED = "inherited"

Team = Annotated[str, typer.Option(metavar="NAME", help="For this team; else for all.")]
Cluster = Annotated[str, typer.Option(metavar="NAME", help="On this cluster; else on all.")]
Of = Annotated[str, typer.Argument(metavar="TEAM", help="The team's name.")]
Exception_ = Annotated[str, typer.Argument(metavar="ID", help="Of the exception, as `exceptions` lists it.")]
Figures = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME=VALUE...",
        help="cpu, memory, pods, storage, volumes: an amount or unlimited; egress, placement: closed or open; "
        "registries: registry.example,ghcr.io/crew or unlimited; pools: large,batch or unlimited. "
        "inherited takes it back to what the broader layer says.",
    ),
]


@app.command()
@command
def show(session: Session, team: Of) -> None:
    """Show what a team gets in each of its namespaces, cluster by cluster, and which layer says so."""
    found = session.client.team_clusters(team)
    session.output.show(
        found,
        table=lambda: table(
            ["CLUSTER", "ENVIRONMENTS", "FIGURE", "VALUE", "SAID BY"],
            [
                [each["cluster"], str(each["environments"]), name, figure["value"], figure["said_by"] or "default"]
                for each in found
                for name, figure in _lines(each)
            ],
        ),
        names=lambda: [f"cluster/{each['cluster']}" for each in found],
    )


@app.command()
@command
def usage(session: Session, team: Of) -> None:
    """Show how full the quotas of a team's namespaces are, the fullest first, as the loop saw them last."""
    found = session.client.usage(team)
    session.output.show(
        found,
        table=lambda: table(
            ["ENVIRONMENT", "CLUSTER", "FIGURE", "USED", "LIMIT"],
            [
                [each["environment"], each["cluster"], name, figure["used"], figure["limit"]]
                for each in found
                for name, figure in each["figures"].items()
            ],
        ),
        names=lambda: [f"{each['environment']}@{each['cluster']}" for each in found],
    )


@app.command()
@command
def consumers(session: Session, team: Of) -> None:
    """Show which processes ask for most in the fullest namespaces of a team, with what their pods ask for together."""
    found = session.client.consumers(team)
    session.output.show(
        found,
        table=lambda: table(
            ["PROCESS", "ENVIRONMENT", "CLUSTER", "PODS", "CORES", "MEMORY", "PART"],
            [
                [
                    each["process"],
                    each["environment"],
                    each["cluster"],
                    str(each["pods"]),
                    f"{each['cpu']:g}",
                    f"{each['memory'] / 2**30:.2f} GiB",
                    f"{each['part']:.0%}",
                ]
                for each in found
            ],
        ),
        names=lambda: [f"{each['environment']}/{each['process']}@{each['cluster']}" for each in found],
    )


@app.command(name="set")
@command
def set_figures(
    session: Session,
    figures: Figures,
    team: Team = "",
    cluster: Cluster = "",
    reason: Reason = "",
) -> None:
    """Change what teams get; operators do. Namespaces that it reaches follow within half a minute."""
    given = {name: None if value == INHERITED else value for name, value in map(_pair, figures)}
    _change(session, team, cluster, {"figures": given, "reason": reason})


@app.command()
@command
def group(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="GROUP", help="As the cluster's own directory names it.")],
    role: Annotated[
        str, typer.Option(metavar="ROLE", help="view, edit, none; inherited: what the broader layer says.")
    ] = "view",
    team: Team = "",
    cluster: Cluster = "",
    reason: Reason = "",
) -> None:
    """Let a group of the clusters' own directory into the namespaces of a team, past Dougong; operators do."""
    _change(session, team, cluster, {"groups": {name: None if role == INHERITED else role}, "reason": reason})


@app.command()
@command
def request(
    session: Session,
    team: Of,
    figures: Figures,
    reason: Annotated[str, typer.Option(help="Why; who decides reads it.")],
    cluster: Cluster = "",
    days: Annotated[int, typer.Option(metavar="DAYS", help="For how long, from the decision on: 1 to 90.")] = 7,
) -> None:
    """Ask for other figures for a while; an operator decides. Whoever deploys for the team may ask."""
    order = {"cluster": cluster, "figures": dict(map(_pair, figures)), "days": days, "reason": reason}
    _tell(session, session.client.propose_exception(team, order))


@app.command()
@command
def exceptions(session: Session, team: Of) -> None:
    """List the exceptions of a team, newest first: asked for, in force, refused and ended."""
    found = session.client.exceptions(team)
    session.output.show(
        found,
        table=lambda: table(
            ["ID", "STATE", "CLUSTER", "FIGURES", "OWNER", "UNTIL", "REASON"],
            [
                [each["id"], each["state"], each["cluster"] or "all", _said(each), each["owner"], _until(each),
                 each["reason"]]
                for each in found
            ],
        ),
        names=lambda: [each["id"] for each in found],
    )  # fmt: skip


@app.command()
@command
def accept(session: Session, team: Of, exception: Exception_, reason: Reason = "") -> None:
    """Let an exception that was asked for be in force; operators do."""
    _tell(session, session.client.decide_exception(team, exception, "accept", reason))


@app.command()
@command
def end(session: Session, team: Of, exception: Exception_, reason: Reason = "") -> None:
    """Refuse an exception, take one back, or end one that is in force before its day."""
    _tell(session, session.client.decide_exception(team, exception, "end", reason))


def _tell(session: Session, exception: Body) -> None:
    session.output.show(
        exception,
        table=lambda: facts(
            [
                ("Exception", exception["id"]),
                ("Figures", _said(exception)),
                ("State", exception["state"]),
                ("Until", _until(exception)),
            ]
        ),
        names=lambda: [exception["id"]],
    )


def _said(exception: Body) -> str:
    return ", ".join(f"{name} {value}" for name, value in exception["figures"].items())


def _until(exception: Body) -> str:
    return str(exception["ends_at"] or f"{exception['days']} days from its acceptance")


def _change(session: Session, team: str, cluster: str, order: Body) -> None:
    layer = {name: value for name, value in (("team", team), ("cluster", cluster)) if value}
    made = session.client.set_tenant_policy(layer, order)
    said = ", ".join(f"{name} {value}" for name, value in {**made["figures"], **made["groups"]}.items())
    session.output.show(
        made,
        table=lambda: facts(
            [("Of", made["of"]), ("Says", said or "nothing of its own"), ("Namespaces", str(made["grounds"]))]
        ),
        names=lambda: [made["of"]],
    )


def _lines(cluster: Body) -> Iterator[tuple[str, Body]]:
    yield from cluster["figures"].items()
    for name, role in cluster["groups"].items():
        value = f"{role['value']}, once the cluster is joined again" if cluster["waits"] else role["value"]
        yield f"group {name}", {**role, "value": value}


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign or not value:
        raise UsageError(f"{text!r} is not NAME=VALUE.", remedy=f"A figure is one of {', '.join(FIGURES)}.")
    return name, value
