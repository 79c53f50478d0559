"""`dougong config …`: configuration layer by layer, what it comes to in an environment, and who changed it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paas.cli import config as view
from paas.cli.client import environment_of
from paas.cli.commands.applications import App, Environment
from paas.cli.commands.values import from_file
from paas.cli.errors import UsageError
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer(
    help="Configuration in layers: platform, cluster, team, project, application, environment. The nearest wins.",
    no_args_is_help=True,
)
KINDS = ("platform", "cluster", "team", "project", "application", "environment")

Layer = Annotated[
    str,
    typer.Argument(
        metavar="LAYER",
        help="platform, cluster/NAME, team/NAME, project/NAME, application/PROJECT/NAME or "
        "environment/PROJECT/APPLICATION/NAME.",
    ),
]
Reason = Annotated[str, typer.Option(help="Why: it stands in the history and in the releases.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say which environments would be released, and do nothing.")]
NoRelease = Annotated[bool, typer.Option("--no-release", help="Store it; environments take it with their next deploy.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before environments are released.")]
Body = dict[str, Any]


@app.command(name="list")
@command
def list_keys(session: Session, layer: Layer) -> None:
    """List what one layer sets and declares."""
    found, _ = session.client.config(_layer(layer))
    columns = ["KEY", "VALUE", "DECLARED", "BY", "AT", "REASON"]
    session.output.show(
        found,
        table=lambda: table(columns, [view.key_row(each) for each in found["keys"]]),
        names=lambda: [f"{layer}/{each['key']}" for each in found["keys"]],
    )


@app.command(name="set")
@command
def set_values(
    session: Session,
    layer: Layer,
    values: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Keys and values.")] = None,
    from_files: Annotated[
        list[str] | None,
        typer.Option("--from-file", metavar="KEY=PATH", help="The value is a file's content; - is standard input."),
    ] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    no_release: NoRelease = False,
    yes: Yes = False,
) -> None:
    """Set keys of a layer, and release each environment whose values that changes.

    What would be released is shown first. ${KEY} in a value is the value of another key, $${ a literal ${. A change of
    a protected key becomes a proposal.
    """
    given = dict(_pair(each) for each in values or [])
    given |= dict(from_file(each) for each in from_files or [])
    if not given:
        raise UsageError("There is nothing to set.", remedy="Name KEY=VALUE, or files with --from-file KEY=PATH.")
    order = {"values": given, "reason": reason, "release": not no_release}
    _change(session, layer, order, dry_run=dry_run, yes=yes)


@app.command()
@command
def unset(
    session: Session,
    layer: Layer,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="The keys.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    no_release: NoRelease = False,
    yes: Yes = False,
) -> None:
    """Take values out of a layer: those of wider layers show again."""
    order = {"values": dict.fromkeys(keys), "reason": reason, "release": not no_release}
    _change(session, layer, order, dry_run=dry_run, yes=yes)


@app.command()
@command
def declare(
    session: Session,
    layer: Layer,
    key: Annotated[str, typer.Argument(help="The key.")],
    type: Annotated[  # noqa: A002 - the field's own word
        str, typer.Option(metavar="TYPE", help="string, integer, number, boolean, url or choice.")
    ] = "string",
    choice: Annotated[
        list[str] | None, typer.Option(metavar="VALUE", help="What it may be, of type choice; may be repeated.")
    ] = None,
    required: Annotated[bool, typer.Option("--required", help="No release without a value.")] = False,
    protected: Annotated[bool, typer.Option("--protected", help="A second person accepts each change.")] = False,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Declare it no longer.")] = False,
    reason: Reason = "",
) -> None:
    """Say what values of a key must be, in this layer and all nearer ones. Running releases stay as they are."""
    declaration = {
        "type": "choice" if choice else type,
        "choices": choice or [],
        "required": required,
        "protected": protected,
        "description": description,
    }
    order = {"declarations": {key: None if remove else declaration}, "reason": reason}
    _change(session, layer, order, dry_run=False, yes=True)


@app.command()
@command
def history(
    session: Session,
    layer: Layer,
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="Only this key.")] = None,
) -> None:
    """List what was changed in a layer, by whom and why, newest first."""
    changes = session.client.config_history({**_layer(layer), **({"key": key} if key else {})})
    columns = ["VERSION", "KEY", "BEFORE", "AFTER", "BY", "AT", "REASON"]
    session.output.show(
        changes,
        table=lambda: table(columns, [view.change_row(each) for each in changes]),
        names=lambda: [f"{layer}/{each['key']}@{each['version']}" for each in changes],
    )


@app.command()
@command
def explain(
    session: Session,
    application: App,
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="Only this key.")] = None,
    environment: Environment = None,
    cluster: Annotated[str | None, typer.Option(metavar="NAME", help="Only this cluster.")] = None,
) -> None:
    """Show the values of an environment on each cluster, which layer set them, and what they hide."""
    found = session.client.application(application)
    where = environment_of(found, environment)
    seen = [
        {**each, "keys": [about for about in each["keys"] if key in (None, about["key"])]}
        for each in session.client.effective_config(str(where["id"]))
        if cluster in (None, each["cluster"])
    ]
    session.output.show(
        seen,
        table=lambda: view.explained(seen),
        names=lambda: [about["key"] for each in seen for about in each["keys"]],
    )


@app.command()
@command
def compare(
    session: Session,
    application: App,
    here: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="One environment.")],
    there: Annotated[str, typer.Argument(metavar="OTHER", help="The other one.")],
    other: Annotated[
        str | None, typer.Option("--with", metavar="APP", help="The other environment is this application's.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is the same in both.")] = False,
) -> None:
    """Compare the values of two environments."""
    found = session.client.application(application)
    beside = session.client.application(other) if other else found
    left, right = environment_of(found, here), environment_of(beside, there)
    seen = session.client.compare_config(str(left["id"]), str(right["id"]))
    if not everything:
        seen["keys"] = [each for each in seen["keys"] if each["differs"]]
    session.output.show(
        seen,
        table=lambda: table(["KEY", seen["here"], seen["there"]], [view.compared_row(each) for each in seen["keys"]]),
        names=lambda: [each["key"] for each in seen["keys"]],
    )


@app.command()
@command
def proposals(
    session: Session,
    layer: Annotated[str | None, typer.Argument(metavar="[LAYER]", help="Only of this layer.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were decided.")] = False,
) -> None:
    """List changes of protected keys that wait for a second person."""
    query = {**(_layer(layer) if layer else {}), **({} if everything else {"state": "Open"})}
    found = session.client.config_proposals({name: text for name, text in query.items() if text})
    columns = ["ID", "LAYER", "CHANGES", "BY", "AT", "REASON", "STATE"]
    session.output.show(
        found,
        table=lambda: table(columns, [view.proposal_row(each) for each in found]),
        names=lambda: [f"proposal/{each['id']}" for each in found],
    )


@app.command()
@command
def accept(
    session: Session, proposal: Annotated[str, typer.Argument(metavar="ID", help="The proposal.")], reason: Reason = ""
) -> None:
    """Accept what another person proposed, and release what that changes."""
    _show(session, session.client.decide_proposal(proposal.removeprefix("proposal/"), "accept", reason))


@app.command()
@command
def refuse(
    session: Session, proposal: Annotated[str, typer.Argument(metavar="ID", help="The proposal.")], reason: Reason = ""
) -> None:
    """Refuse what another person proposed, or take back one's own proposal."""
    answer = session.client.decide_proposal(proposal.removeprefix("proposal/"), "refuse", reason)
    session.output.show(
        answer,
        table=lambda: facts([("Refused", f"{', '.join(answer['changes'])} of {view.place(answer)}")]),
        names=lambda: [f"proposal/{answer['id']}"],
    )


def _change(session: Session, layer: str, order: Body, *, dry_run: bool, yes: bool) -> None:
    """Rehearse, show what it comes to, ask where a person can be asked, and do it on the layer that was read."""
    at = _layer(layer)
    _, tag = session.client.config(at)
    foreseen = session.client.change_config(at, {**order, "dryRun": True})
    if dry_run:
        _show(session, foreseen)
        return
    count = len(foreseen["releases"])
    if count and not foreseen["proposal"] and session.output.interactive and not yes:
        session.output.errors.print(view.releases(foreseen), highlight=False)
        if not typer.confirm(f"Release {count} environment{'s' if count > 1 else ''}?", err=True):
            raise UsageError("Nothing was changed.", code="not_confirmed")
    _show(session, session.client.change_config(at, order, tag))


def _show(session: Session, changed: Body) -> None:
    session.output.show(
        changed,
        table=lambda: view.changed(changed),
        names=lambda: [f"environment/{view.environment(each)}" for each in changed["releases"]],
    )


def _layer(said: str) -> dict[str, str]:
    kind, _, of = said.partition("/")
    if kind not in KINDS or bool(of) != (kind != "platform"):
        raise UsageError(
            f"{said!r} is no layer.",
            rule="A layer is platform, cluster/NAME, team/NAME, project/NAME, application/PROJECT/NAME or "
            "environment/PROJECT/APPLICATION/NAME.",
        )
    return {"scope": kind, **({"of": of} if of else {})}


def _pair(argument: str) -> tuple[str, str]:
    key, separator, value = argument.partition("=")
    if not key or not separator:
        raise UsageError(f"{argument!r} is not KEY=VALUE.")
    return key, value
