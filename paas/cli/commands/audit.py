"""`dougong audit`: who did what, and whether the trail of it is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from paas.cli.errors import CliError
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer(help="The audit trail: search, export, verify. For operators.", no_args_is_help=True)

Actor = Annotated[str, typer.Option(metavar="NAME", help="Who did it.")]
Action = Annotated[str, typer.Option(metavar="ACTION", help="Such as team.renamed, or team. for all of a team.")]
Object = Annotated[str, typer.Option("--object", metavar="NAME", help="How the object's name begins.")]
Request = Annotated[str, typer.Option(metavar="ID", help="The id of a request, as a refusal tells it.")]
Since = Annotated[str, typer.Option(metavar="TIME", help="From this time on: 2026-11-28, or 2026-11-28T16:20:00Z.")]
Until = Annotated[str, typer.Option(metavar="TIME", help="Before this time.")]
Refused = Annotated[bool, typer.Option("--refused", help="Only what was refused.")]


@app.command(name="list")
@command
def list_events(
    session: Session, actor: Actor = "", action: Action = "", object_: Object = "", request: Request = "",
    since: Since = "", until: Until = "", refused: Refused = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
) -> None:  # fmt: skip
    """List events, the newest first."""
    found = session.client.audit_events(_query(actor, action, object_, request, since, until, refused=refused), limit)
    columns = ["ID", "WHEN", "WHO", "WHAT", "OBJECT", "REASON"]
    session.output.show(
        found,
        table=lambda: table(columns, [_row(each) for each in found]),
        names=lambda: [str(each["id"]) for each in found],
    )


@app.command()
@command
def show(session: Session, event: Annotated[int, typer.Argument(metavar="ID", help="The event's id.")]) -> None:
    """Show one event whole: from where, by what right, and what changed."""
    found = session.client.audit_event(event)
    session.output.show(
        found,
        table=lambda: facts([(name.replace("_", " "), _text(value)) for name, value in found.items() if value]),
        names=lambda: [str(found["id"])],
    )


@app.command()
@command
def objects(session: Session, event: Annotated[int, typer.Argument(metavar="ID", help="The event's id.")]) -> None:
    """List every object, on every cluster, that an event's change asked to be written or removed.

    Each with the calls that the clusters have taken for it: the change's own, then repairs.
    """
    found = session.client.audit_objects(event)
    columns = ["CLUSTER", "OBJECT", "GENERATION", "HEALTH", "CALL", "UID", "VERSION", "AT"]
    session.output.show(
        found,
        table=lambda: table(columns, [line for each in found for line in _calls(each)]),
        names=lambda: [f"{each['cluster']}/{each['object']}" for each in found],
    )


@app.command()
@command
def export(
    session: Session,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; FILE.csv becomes CSV, else JSON lines.")],
    actor: Actor = "", action: Action = "", object_: Object = "", request: Request = "",
    since: Since = "", until: Until = "", refused: Refused = False,
) -> None:  # fmt: skip
    """Write all events that fit to a file, the oldest first."""
    form = "csv" if to.suffix == ".csv" else "jsonl"
    query = {**_query(actor, action, object_, request, since, until, refused=refused), "as": form}
    written = session.client.export_audit(query, to)
    session.output.note(f"{written} bytes in {to}")


@app.command()
@command
def verify(session: Session) -> None:
    """Tell whether the trail is whole, and the first event that does not fit.

    The control plane reads it; who does not trust that runs `manage.py verify_audit` beside the database.
    """
    verdict = session.client.verify_audit()
    if fault := verdict["fault"]:
        named = f" (id {fault['event']})" if fault["event"] else ""
        raise CliError(
            f"Event {fault['number']}{named} {fault['what']}.",
            code="audit_not_whole",
            remedy=f"{verdict['number']} events before it are whole; docs/audit.md says what can have happened.",
        )
    session.output.show(
        verdict,
        table=lambda: facts([
            ("Whole", f"{verdict['number']} events"),
            ("Heads outside", str(verdict["heads"])),
            ("Not sealed yet", str(verdict["unsealed"])),
        ]),
        names=lambda: [str(verdict["number"])],
    )  # fmt: skip


def _query(
    actor: str, action: str, object_: str, request: str, since: str, until: str, *, refused: bool
) -> dict[str, str]:
    asked = {
        "actor": actor, "action": action, "object": object_, "request": request, "since": since, "until": until,
        "outcome": "refused" if refused else "",
    }  # fmt: skip
    return {name: text for name, text in asked.items() if text}


def _row(event: dict[str, Any]) -> list[str]:
    what = event["action"] if event["outcome"] == "done" else f"{event['action']} (refused)"
    return [str(event["id"]), event["at"], event["actor_name"], what, event["object_name"], event["reason"]]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _calls(touched: dict[str, Any]) -> list[list[str]]:
    """The lines of an object: one for each call, one of its own where there is none."""
    its = [str(touched[key]) for key in ("cluster", "object", "generation", "health")]
    calls = [[str(each[key]) for key in ("verb", "uid", "resource_version", "at")] for each in touched["calls"]]
    return [[*its, *call] for call in calls or [["-"] * 4]]
