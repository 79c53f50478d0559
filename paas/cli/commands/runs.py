"""`dougong run`: a schedule, now; `dougong runs`: how its runs went; `dougong rerender`: what runs, for the clusters as
they are now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.client import environment_of
from paas.cli.commands.applications import App, Environment
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer()


@app.command()
@command
def run(
    session: Session,
    application: App,
    schedule: Annotated[
        str, typer.Argument(metavar="SCHEDULE", help="The schedule, by the name it has in the app file.")
    ],
    environment: Environment = None,
    cluster: Annotated[str, typer.Option(help="Only on this cluster; else on each.")] = "",
    reason: Reason = "",
) -> None:
    """Run a schedule once, now, as the release declares it.

    How it goes is in `dougong runs`, what it writes in `dougong logs --process SCHEDULE`.
    """
    where = environment_of(session.client.application(application), environment)
    started = session.client.run(str(where["id"]), schedule, {"cluster": cluster, "reason": reason})
    session.output.show(
        started,
        table=lambda: facts([("Started", str(started["job"])), ("on", ", ".join(started["clusters"]))]),
        names=lambda: [f"job/{started['job']}"],
    )


@app.command()
@command
def runs(
    session: Session,
    application: App,
    schedule: Annotated[
        str, typer.Argument(metavar="[SCHEDULE]", help="Only this one, by the name it has in the app file.")
    ] = "",
    environment: Environment = None,
    cluster: Annotated[str, typer.Option(metavar="NAME", help="Only on this cluster.")] = "",
) -> None:
    """Show the runs of schedules, by the clock and by hand: when, how long, and how they ended.

    These are the runs that clusters still have: as many as the schedule's history limits say. The log of one:
    `dougong logs APP --process SCHEDULE --since STARTED`.
    """
    where = environment_of(session.client.application(application), environment)
    chosen = [
        each
        for each in session.client.schedules(str(where["id"]))
        if schedule in ("", each["name"]) and cluster in ("", each["cluster"])
    ]
    columns = ["SCHEDULE", "CLUSTER", "RUN", "BY", "STARTED", "TOOK", "ENDED", "MESSAGE"]
    session.output.show(
        chosen,
        table=lambda: table(columns, (row for each in chosen for row in _rows(each))),
        names=lambda: [f"job/{run['job']}" for each in chosen for run in each["runs"]],
    )


def _rows(schedule: dict[str, Any]) -> Iterator[list[str]]:
    place = [schedule["name"], schedule["cluster"]]
    for run in schedule["runs"]:
        by = "clock" if run["number"] is None else "hand"
        took = "" if run["seconds"] is None else f"{run['seconds']} s"
        yield [*place, run["job"], by, run["started_at"] or "", took, run["verdict"], run["message"]]
    if not schedule["runs"]:
        yield [*place, "", "", "", "", "", schedule["message"]]


@app.command()
@command
def rerender(
    session: Session,
    application: App,
    environment: Environment = None,
    reason: Reason = "",
) -> None:
    """Render the release that runs anew, for its clusters as they are now; ends RenderStale.

    What a cluster offers may have changed since, or how Dougong renders: objects that come out otherwise are applied,
    behind what others deploy. `dougong status` says whether there is something to do.
    """
    where = environment_of(session.client.application(application), environment)
    answer = session.client.rerender(str(where["id"]), reason)
    for note in answer["notes"]:
        session.output.note(str(note))
    session.output.show(
        answer,
        table=lambda: facts([("Rendered anew", f"{application}/{where['name']}")]),
        names=lambda: [f"environment/{where['name']}"],
    )
