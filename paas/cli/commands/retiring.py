"""`dougong retire`: an application, or one of its environments, goes from every cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.client import environment_of, project_name
from paas.cli.commands.applications import App, Environment
from paas.cli.errors import UsageError
from paas.cli.output import facts
from paas.cli.session import Session, command

app = typer.Typer()


@app.command()
@command
def retire(
    session: Session,
    application: App,
    environment: Environment = None,
    confirm: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The name of what goes once more; asked for if left out."),
    ] = None,
    reason: Reason = "",
) -> None:
    """Remove an application from every cluster, its data included; or only one of its environments.

    Where the name is asked for, all objects that go are listed first.
    """
    found = session.client.application(application)
    where = environment_of(found, environment) if environment else None
    name = str(where["name"] if where else found["name"])
    what = f"{found['name']} in {name}" if where else name
    if confirm is None:
        if not session.output.interactive:
            raise UsageError(f"{what} and its data would be removed.", remedy=f"Give --confirm {name}.")
        for line in _goes(session, found, [where] if where else found.get("environments") or []):
            session.output.note(line)
        confirm = str(typer.prompt(f"This removes {what} and its data everywhere. Type {name}", err=True))
    if confirm != name:
        kind = "environment" if where else "application"
        raise UsageError(f"{confirm!r} is not the name of the {kind}.", code="not_confirmed")
    order = {"confirm": confirm, **({"reason": reason} if reason else {})}
    client = session.client
    answer = client.retire_environment(str(where["id"]), order) if where else client.retire(str(found["id"]), order)
    kind, full = ("environment", f"{found['name']}/{name}") if where else ("application", name)
    session.output.show(
        answer,
        table=lambda: facts([("Retiring", what)]),
        names=lambda: [f"{kind}/{project_name(found)}/{full}"],
    )


def _goes(session: Session, application: dict[str, Any], environments: list[dict[str, Any]]) -> Iterator[str]:
    """Each object that is there, a line each: "east apps/Deployment/shop-hello-prod/hello-web"."""
    for environment in environments:
        owner = f"{project_name(application)}/{application['name']}/{environment['name']}"
        for work in session.client.works({"owner_name": owner}):
            for each in session.client.work(str(work["id"]))["objects"]:
                yield f"{work['cluster']} {each['id']}"
