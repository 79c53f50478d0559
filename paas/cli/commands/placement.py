"""`dougong placement …` and `dougong scaling`: where an environment is, how its replicas are spread and scaled."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paas.cli import placement as view
from paas.cli.arguments import Reason
from paas.cli.client import environment_of
from paas.cli.commands.applications import App, Environment
from paas.cli.commands.deploy import Environments, File, order_of
from paas.cli.errors import UsageError
from paas.cli.output import facts
from paas.cli.session import Session, command

app = typer.Typer(help="Where an environment is, and how its replicas are spread over clusters.", no_args_is_help=True)
scales = typer.Typer()
Body = dict[str, Any]


@app.command()
@command
def show(session: Session, application: App, environment: Environment = None) -> None:
    """Show on which clusters an environment is, by which rule, and how many replicas of each process are where."""
    where = environment_of(session.client.application(application), environment)
    seen = session.client.placement(str(where["id"]))
    session.output.show(
        seen,
        table=lambda: view.placed(seen),
        names=lambda: [f"cluster/{each['name']}" for each in seen["clusters"]],
    )


@app.command()
@command
def preview(session: Session, file: File, environment: Environments = None) -> None:
    """Show how many replicas of each process a deploy of the file would put where. Nothing is done.

    What else would change `dougong diff` says.
    """
    project, name, order = order_of(file, environment, "")
    _preview(session, session.client.try_deploy(project, name, order))


@app.command(name="set")
@command
def set_placement(
    session: Session,
    application: App,
    environment: Environment = None,
    cluster: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="On this cluster; may be repeated. In place of those now.")
    ] = None,
    selector: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="On all clusters with this label; may be repeated.")
    ] = None,
    divided: Annotated[
        bool | None, typer.Option("--divided/--duplicated", help="Divide replicas, or have all of them on each.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="The weight of a cluster, 1 if left out; may be repeated."),
    ] = None,
    reason: Reason = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do nothing: show how many replicas would be where.")
    ] = False,
) -> None:
    """Place an environment elsewhere, or spread its replicas otherwise; what is left out stays as it is.

    The same release runs there. Without any option its selector is followed to where that leads now.
    """
    if cluster and selector:
        raise UsageError("Either clusters or a selector.", remedy="Leave out --cluster or --selector.")
    where = environment_of(session.client.application(application), environment)

    def change(now: Body) -> Body:
        return _changed(now, cluster or [], selector or [], divided, weight)

    if dry_run:
        _preview(session, session.client.try_place(str(where["id"]), change))
        return
    answer = session.client.place(str(where["id"]), change, reason)
    for note in answer.get("notes") or ():
        session.output.note(str(note))
    session.output.show(
        answer,
        table=lambda: facts([("Placed", view.rule(answer["placement"])), ("On", ", ".join(answer["clusters"]))]),
        names=lambda: [f"cluster/{name}" for name in answer["clusters"]],
    )


@scales.command()
@command
def scaling(session: Session, application: App, environment: Environment = None) -> None:
    """Show how an environment is scaled: bounds, windows, what its scalers see, decided last and advise."""
    where = environment_of(session.client.application(application), environment)
    seen = session.client.scaling(str(where["id"]))
    session.output.show(
        seen,
        table=lambda: view.scaled(seen),
        names=lambda: [f"{each['cluster']}/{each['process']}" for each in (*seen["horizontal"], *seen["vertical"])],
    )


def _preview(session: Session, dry_run: Body) -> None:
    for note in dry_run.get("notes") or ():
        session.output.note(str(note))
    session.output.show(dry_run, table=lambda: view.preview(dry_run), names=lambda: view.preview_names(dry_run))


def _changed(
    now: Body, clusters: list[str], selector: list[str], divided: bool | None, weights: list[str] | None
) -> Body:
    found = dict(now)
    if clusters or selector:
        found = {key: value for key, value in found.items() if key not in ("clusters", "selector")}
        found |= {"clusters": clusters} if clusters else {"selector": dict(_pair(each) for each in selector)}
    if divided is not None:
        found["replicas"] = "divided" if divided else "duplicated"
    kept = found.pop("weights", {})
    if found.get("replicas") != "divided":
        kept = {}
    if weights is not None:
        kept = dict(_weight(each) for each in weights)
    elif clusters:
        kept = {name: weight for name, weight in kept.items() if name in clusters}
    return {**found, "weights": kept} if kept else found


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not key or not sign:
        raise UsageError(f"{text!r} is not KEY=VALUE.")
    return key, value


def _weight(text: str) -> tuple[str, int]:
    name, number = _pair(text)
    if not number.isdecimal() or len(number) > 4:  # noqa: PLR2004 - the API knows the bounds; this is no number at all
        raise UsageError(f"{text!r} is not NAME=NUMBER.")
    return name, int(number)
