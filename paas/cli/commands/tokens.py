"""API tokens, one's own and those of service accounts, and the service accounts that pipelines deploy as."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paas.cli.commands.account import Scope
from paas.cli.output import facts, table
from paas.cli.session import Session, command
from paas.cli.signing_in import account_of

app = typer.Typer(help="API tokens, your own or of a service account.", no_args_is_help=True)
accounts = typer.Typer(help="Service accounts: who a team's pipelines are.", no_args_is_help=True)

Account = Annotated[
    str, typer.Option("--service-account", metavar="TEAM/NAME", help="Of this service account; else your own.")
]
Team = Annotated[str, typer.Argument(metavar="TEAM", help="The team's name.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The service account's name within the team.")]


@app.command(name="list")
@command
def list_tokens(session: Session, service_account: Account = "") -> None:
    """List tokens: what each may, where it is kept, until when, and when and from where it was last used."""
    found = session.client.tokens(service_account)
    columns = ["ID", "NAME", "SCOPE", "MACHINE", "ENDS", "LAST USED", "FROM"]
    session.output.show(
        found,
        table=lambda: table(columns, [_row(each) for each in found]),
        names=lambda: [f"token/{each['id']}" for each in found],
    )


@app.command()
@command
def create(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Where it is used.")],
    scope: Annotated[
        Scope, typer.Option(help="read views, deploy also deploys, admin does all that you may.")
    ] = Scope.deploy,
    days: Annotated[int | None, typer.Option(min=1, metavar="DAYS", help="Its life; else the platform's.")] = None,
    service_account: Account = "",
) -> None:
    """Make a token. It is printed this once; with -o name it is printed alone, for a pipe."""
    order: dict[str, Any] = {"name": name, "scope": scope, **({"days": days} if days else {})}
    made = session.client.create_token(order, service_account)
    session.output.show(
        made,
        table=lambda: facts([("Token", str(made["token"])), ("Ends", _moment(made["expires_at"]))]),
        names=lambda: [str(made["token"])],
    )


@app.command()
@command
def revoke(
    session: Session,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Its first characters, as `token list` has them.")],
    service_account: Account = "",
) -> None:
    """End tokens at once."""
    for each in ids:
        session.client.revoke_token(each, service_account)
    session.output.show(
        {"revoked": ids},
        table=lambda: facts([("Revoked", ", ".join(ids))]),
        names=lambda: [f"token/{each}" for each in ids],
    )


@accounts.command(name="list")
@command
def list_accounts(session: Session, team: Team) -> None:
    """List the service accounts of a team."""
    found = session.client.service_accounts(team)
    session.output.show(
        found,
        table=lambda: table(
            ["NAME", "IN THE AUDIT TRAIL", "TOKENS", "SINCE"],
            [[each["name"], each["username"], str(each["tokens"]), _moment(each["created_at"])] for each in found],
        ),
        names=lambda: [f"service-account/{team}/{each['name']}" for each in found],
    )


@accounts.command(name="create")
@command
def create_account(session: Session, team: Team, name: Name) -> None:
    """Make a service account: it deploys what belongs to its team, and has no password. Owners of the team only."""
    made = session.client.create_service_account(team, name)
    session.output.show(
        made,
        table=lambda: facts([
            ("Made", str(made["username"])),
            ("Next", f"dougong token create NAME --service-account {team}/{name}"),
        ]),
        names=lambda: [f"service-account/{team}/{name}"],
    )  # fmt: skip


@accounts.command(name="remove")
@command
def remove_account(session: Session, team: Team, name: Name) -> None:
    """End a service account and all its tokens. What it has done stays in the audit trail."""
    account_of(f"{team}/{name}")
    session.client.remove_service_account(team, name)
    session.output.show(
        {"removed": f"{team}/{name}"},
        table=lambda: facts([("Removed", f"{team}/{name}")]),
        names=lambda: [f"service-account/{team}/{name}"],
    )


def _row(token: dict[str, Any]) -> list[str]:
    name = f"{token['name']} (this one)" if token.get("current") else str(token["name"])
    ends, used = _moment(token["expires_at"]), _moment(token.get("last_used_at"))
    return [token["id"], name, token["scope"], token["machine"], ends, used or "never", token["last_used_from"] or ""]


def _moment(text: str | None) -> str:
    """To the minute, as the control plane says it."""
    return text[:16].replace("T", " ") if text else ""
