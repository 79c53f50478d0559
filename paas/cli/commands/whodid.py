"""`dougong whodid`: the click behind a live object."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Group

from paas.cli.errors import UsageError
from paas.cli.output import facts
from paas.cli.session import Session, command

app = typer.Typer()


@app.command()
@command
def whodid(
    session: Session,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="The object as `kubectl get -o yaml` prints it; - reads it from a pipe."),
    ] = "-",
) -> None:
    """Tell who asked for a live object, when, why and by what right.

    Such as: kubectl get deployment web -o yaml | dougong whodid -
    """
    found = [session.client.who_did(_asked(each)) for each in _objects(file)]
    session.output.show(
        found[0] if len(found) == 1 else found,
        table=lambda: Group(*(facts(_told(each)) for each in found)),
        names=lambda: [str(event["id"]) for each in found for event in each["events"]],
    )


def _objects(file: str) -> list[dict[str, Any]]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        read = [each for each in yaml.safe_load_all(text) if each]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    except yaml.YAMLError:
        raise UsageError(f"{file} is neither YAML nor JSON.") from None
    bodies = [each for body in read if isinstance(body, dict) for each in body.get("items", [body])]
    if not bodies:
        raise UsageError("There is no object in it.", remedy="kubectl get deployment web -o yaml | dougong whodid -")
    return bodies


def _asked(body: dict[str, Any]) -> dict[str, str]:
    metadata = body.get("metadata") or {}
    work = (metadata.get("labels") or {}).get("dougong.dev/work", "")
    generation = (metadata.get("annotations") or {}).get("dougong.dev/generation", "")
    if not work or not generation:
        name = f"{body.get('kind')} {metadata.get('name')}"
        raise UsageError(
            f"{name} was not written by Dougong: it lacks the label dougong.dev/work or its generation.",
            remedy="For a pod ask for the Deployment or Job that made it.",
        )
    return {"work": str(work), "generation": str(generation), "uid": str(metadata.get("uid") or "")}


def _told(click: dict[str, Any]) -> list[tuple[str, str]]:
    change = click["change"]
    told = [
        ("For", f"{change['owner_name']} on {change['cluster']}, {change['name']} generation {change['generation']}"),
        ("At", change["at"]),
        *(
            ("Call", f"{each['at']} {each['verb']}, resourceVersion {each['resource_version']}")
            for each in click["calls"]
        ),
    ]
    for event in click["events"]:
        right = event["right"] or {}
        by = " → ".join(filter(None, (right.get("through"), right.get("permission"), right.get("on"))))
        told += [
            ("Event", f"{event['id']} {event['action']}"),
            (
                "Who",
                f"{event['actor_name']} ({event['how'] or 'the platform itself'}, {event['address'] or 'no address'})",
            ),
            ("By right", by or "-"),
            ("Why", event["reason"] or "-"),
            ("Request", event["request_id"] or "-"),
        ]
    if not click["events"]:
        told.append(("Event", "none is recorded for this change"))
    if not click["ours"]:
        told.append(("Beware", "no object of ours has this uid: its labels may have been copied, or it is gone"))
    return told
