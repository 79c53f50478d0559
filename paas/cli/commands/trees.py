"""`dougong tree`: what an application is made of, down to its pods."""

from __future__ import annotations

from typing import Any

import typer

from paas.cli import topology
from paas.cli.client import environment_of
from paas.cli.commands.applications import App, Environment
from paas.cli.session import Session, command

app = typer.Typer()


@app.command()
@command
def tree(session: Session, application: App, environment: Environment = None) -> None:
    """Show what an application is made of on each cluster: routes, services, workloads and their pods.

    A pod has its node, image, age and restarts, and why it is not well where it is not. Of many pods of a workload the
    worst are shown and the rest is counted.
    """
    found = session.client.application(application)
    if environment:
        environment_of(found, environment)
    chosen = [each for each in found.get("environments") or () if environment in (None, each["name"])]
    seen: list[dict[str, Any]] = [
        {"environment": each["name"], "clusters": session.client.topology(str(each["id"]))} for each in chosen
    ]
    session.output.show(
        seen,
        table=lambda: topology.tree(application, seen),
        names=lambda: topology.names(seen),
    )
