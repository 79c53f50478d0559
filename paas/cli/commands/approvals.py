"""Protected environments: `dougong protect`, and the second person's `approvals`, `approve` and `decline`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paas.cli.arguments import Reason
from paas.cli.client import environment_of
from paas.cli.commands.applications import App, Environment
from paas.cli.commands.freezes import OverrideFreeze
from paas.cli.output import facts, table
from paas.cli.session import Session, command

app = typer.Typer()

Proposal = Annotated[str, typer.Argument(metavar="ID", help="Which one, as `dougong approvals` shows it.")]


@app.command()
@command
def protect(
    session: Session,
    application: App,
    environment: Environment = None,
    off: Annotated[bool, typer.Option("--off", help="End the protection; that needs a reason.")] = False,
    reason: Reason = "",
) -> None:
    """Have a second person approve what is new in an environment; its owners do."""
    where = environment_of(session.client.application(application), environment)
    made = session.client.protect(str(where["id"]), {"protected": not off, "reason": reason})
    session.output.show(
        made,
        table=lambda: facts([("Environment", str(made["name"])), ("Protected", "yes" if made["protected"] else "no")]),
        names=lambda: [f"environment/{made['project']}/{made['application']}/{made['name']}"],
    )


@app.command()
@command
def approvals(
    session: Session,
    project: Annotated[str, typer.Option(metavar="NAME", help="Only this project's.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what is decided or expired.")] = False,
) -> None:
    """List releases of protected environments that wait for a second person."""
    query = {**({"project": project} if project else {}), **({} if everything else {"state": "Pending"})}
    found = session.client.approvals(query)
    session.output.show(
        found,
        table=lambda: table(
            ["ID", "ENVIRONMENT", "IMAGE", "BY", "UNTIL", "STATE", "REASON"], [_row(each) for each in found]
        ),
        names=lambda: [f"approval/{each['id']}" for each in found],
    )


@app.command()
@command
def approve(session: Session, proposal: Proposal, reason: Reason = "", override_freeze: OverrideFreeze = False) -> None:
    """Release what another person proposed for a protected environment, exactly as it was proposed."""
    order = {"reason": reason, **({"override_freeze": True} if override_freeze else {})}
    made = session.client.decide_release(proposal, "approve", order)
    session.output.show(
        made,
        table=lambda: facts(
            [("Released", f"{made['project']}/{made['application']} {made['environment']} r{made['number']}")]
        ),
        names=lambda: [f"release/{made['id']}"],
    )


@app.command()
@command
def decline(session: Session, proposal: Proposal, reason: Reason = "") -> None:
    """Decline a proposed release, with a reason; or take back your own."""
    told = session.client.decide_release(proposal, "decline", {"reason": reason})
    session.output.show(
        told,
        table=lambda: facts([("Declined", f"{told['project']}/{told['application']} {told['environment']}")]),
        names=lambda: [f"approval/{told['id']}"],
    )


def _row(each: dict[str, Any]) -> list[str]:
    where = f"{each['project']}/{each['application']} {each['environment']}"
    image = str(each["image"]).partition("@")[0]
    return [each["id"], where, image, each["proposed_by"], str(each["expires_at"])[:16], each["state"], each["reason"]]
