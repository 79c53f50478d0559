"""`dougong run`: a schedule, now; `dougong rerender`: what runs, for the clusters as they are now."""

from __future__ import annotations

from typing import Annotated

import typer

from paas.cli.arguments import Reason
from paas.cli.client import environment_of
from paas.cli.commands.applications import App, Environment
from paas.cli.output import facts
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

    How it goes is in `dougong status`, what it writes in `dougong logs --process SCHEDULE`.
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
