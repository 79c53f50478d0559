"""`dougong held …`: objects that are kept though they are desired no longer, and letting them go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.errors import MissingError, UsageError
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer(
    help="Objects that are kept though they are desired no longer, such as volumes with data.", no_args_is_help=True
)
Body = dict[str, Any]
REPORTED = ("PruneHeld", "WouldPrune")

Cluster = Annotated[str | None, typer.Option(metavar="NAME", help="Only this cluster.")]


@app.command(name="list")
@command
def list_held(
    session: Session,
    owner: Annotated[
        str | None, typer.Argument(metavar="[OWNER]", help="Only of this owner: PROJECT/APP/ENVIRONMENT.")
    ] = None,
    cluster: Cluster = None,
) -> None:
    """List the objects that are kept, as of the last look at each."""
    found = list(_held(session, owner, cluster))
    session.output.show(
        [{"owner": work["owner_name"], "cluster": work["cluster"], **kept} for work, kept in found],
        table=lambda: table(["OBJECT", "OWNER", "CLUSTER", "WHY"], [_row(work, kept) for work, kept in found]),
        names=lambda: [f"{kept['kind']}/{kept['name']}" for _, kept in found],
    )


@app.command()
@command
def release(
    session: Session,
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Whose it is: PROJECT/APP/ENVIRONMENT.")],
    kept: Annotated[str, typer.Argument(metavar="KIND/NAME", help="The object, as `dougong held list` has it.")],
    cluster: Cluster = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="NAME", help="The object's name once more; asked for if left out.")
    ] = None,
    reason: Reason = "",
) -> None:
    """Have a held object deleted, with the data in it: that cannot be undone."""
    work, found = _one(session, owner, kept, cluster)
    if confirm is None:
        if not session.output.interactive:
            raise UsageError(f"{kept} and its data would be deleted.", remedy=f"Give --confirm {found['name']}.")
        confirm = str(typer.prompt(f"This deletes {kept} on {work['cluster']} and its data. Its name", err=True))
    order = {"object": found["id"], "confirm": confirm, "reason": reason}
    answer = session.client.let_go(str(work["id"]), order)
    session.output.show(
        answer,
        table=lambda: facts([("Let go", kept), ("on", str(work["cluster"]))]),
        names=lambda: [kept],
    )


def _held(session: Session, owner: str | None, cluster: str | None) -> Iterator[tuple[Body, Body]]:
    """Each kept object with the work that keeps it."""
    asked = {"owner_name": owner, "cluster": cluster}
    for work in session.client.works({key: text for key, text in asked.items() if text}):
        if any(work["status"]["reported"].get(each) for each in REPORTED):
            for kept in session.client.work(str(work["id"]))["held"]:
                yield work, kept


def _one(session: Session, owner: str, kept: str, cluster: str | None) -> tuple[Body, Body]:
    found = [(work, each) for work, each in _held(session, owner, cluster) if f"{each['kind']}/{each['name']}" == kept]
    if not found:
        raise MissingError(f"{owner} keeps no {kept}.", code="not_held", remedy=f"See `dougong held list {owner}`.")
    if len(found) > 1:
        names = ", ".join(sorted(str(work["cluster"]) for work, _ in found))
        raise UsageError(f"On which cluster? {kept} is kept on {names}.", remedy="Name it with --cluster.")
    return found[0]


def _row(work: Body, kept: Body) -> list[str]:
    why = {"held": "kept until it is let go", "waiting": "goes when all is healthy"}[kept["why"]]
    state = "let go, about to be deleted" if kept["named"] else why
    return [f"{kept['kind']}/{kept['name']}", str(work["owner_name"]), str(work["cluster"]), state]
