"""Signing in and out, and choosing a control plane."""

from __future__ import annotations

import getpass
import platform
import sys
from enum import StrEnum
from typing import Annotated

import typer

from paas.cli import device, tokens
from paas.cli.client import Client
from paas.cli.contexts import Context, Contexts, context_name, normal_server
from paas.cli.errors import CliError, UsageError
from paas.cli.http import Http
from paas.cli.output import facts, table
from paas.cli.session import Session, command
from paas.cli.watch import Clock

app = typer.Typer()
CLOCK = Clock()


class Scope(StrEnum):
    """What a token may be for."""

    read = "read"
    deploy = "deploy"
    admin = "admin"


@app.command()
@command
def login(
    session: Session,
    username: Annotated[
        str | None, typer.Option("--username", "-u", help="Your name: sign in with a password, without a browser.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read an API token from standard input, in place of a password.")
    ] = False,
    token: Annotated[
        str | None, typer.Option(help="An API token. Others on this machine may see it: prefer --token-stdin.")
    ] = None,
    scope: Annotated[
        Scope, typer.Option(help="What the token may: read, deploy, or admin for all that you may.")
    ] = Scope.admin,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What to call the context; else the server's host.")
    ] = None,
) -> None:
    """Sign in at a control plane and use it from now on.

    Shows a code and where to approve it, in a browser here or on any other machine, and waits. With --username it asks
    for a password instead; with --token-stdin it asks nobody. The token is kept in the system's keyring, and where
    there is none in a file that only you may read.
    """
    server, _ = session.target()
    if server.startswith("http://") and not _is_local(server):
        session.output.note(f"{server} is not encrypted: your password and token can be read on the way.")
    if token_stdin:
        token = sys.stdin.readline().strip()
    if token is None and not username and not password_stdin:
        token = device.sign_in(Client(Http(server)), scope, _machine(), session.output.note, CLOCK)
    if token is None:
        who = username or _asked(session, "Username", "--username", hidden=False)
        password = (
            sys.stdin.readline().rstrip("\n") if password_stdin else _asked(session, "Password", "--password-stdin")
        )
        token = str(Client(Http(server)).login(who, password, f"dougong on {_machine()}"[:100])["token"])
    me = Client(Http(server, token)).me()
    context = Context(name or context_name(server), normal_server(server), str(me["username"]))
    place = tokens.store(context.token_key, token)
    Contexts.load().add(context)
    result = {"context": context.name, "server": context.server, "username": context.username}
    session.output.show(
        result,
        table=lambda: facts([("Signed in as", context.username), ("at", server), ("token kept in", place)]),
        names=lambda: [f"context/{context.name}"],
    )


@app.command()
@command
def logout(session: Session) -> None:
    """End this machine's token and forget it."""
    server, context = session.target()
    if context is None:
        raise UsageError(f"You are not signed in at {server}.", code="not_signed_in")
    kept = tokens.load(context.token_key)
    try:
        if kept:
            Client(Http(server, kept)).end_token(kept)
    except CliError as error:
        session.output.note(f"The token could not be ended at {server}: {error.message}")
    tokens.forget(context.token_key)
    Contexts.load().remove(context.name)
    session.output.note(f"Signed out of {server}.")


@app.command()
@command
def contexts(
    session: Session,
    use: Annotated[str | None, typer.Option(metavar="NAME", help="Use this one from now on.")] = None,
    rename: Annotated[str | None, typer.Option(metavar="OLD=NEW", help="Call one by another name.")] = None,
    delete: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Forget one and its token, which `logout` would revoke as well."),
    ] = None,
) -> None:
    """List the control planes this machine knows; change to another one, rename or forget one."""
    known = Contexts.load()
    if rename:
        old, separator, new = rename.partition("=")
        if not separator:
            raise UsageError(f"--rename {rename!r} is not OLD=NEW.")
        known.rename(old, new)
    if delete:
        tokens.forget(known.named(delete).token_key)
        known.remove(delete)
    if use:
        known.use(use)
    rows = [
        {"name": each.name, "server": each.server, "username": each.username, "current": each.name == known.current}
        for each in sorted(known.known.values(), key=lambda each: each.name)
    ]
    session.output.show(
        rows,
        table=lambda: table(
            ["", "NAME", "SERVER", "USERNAME"],
            [
                ["*" if row["current"] else "", str(row["name"]), str(row["server"]), str(row["username"])]
                for row in rows
            ],
        ),
        names=lambda: [f"context/{row['name']}" for row in rows],
    )


def _asked(session: Session, what: str, option: str, *, hidden: bool = True) -> str:
    if not session.output.interactive:
        raise UsageError(f"{what} is missing.", remedy=f"Give it with {option}.")
    return str(typer.prompt(what, hide_input=hidden, err=True))


def _machine() -> str:
    """What this machine is called where the sign-in is approved, and in the list of one's tokens."""
    return f"{getpass.getuser()}@{platform.node()}"[:100]


def _is_local(server: str) -> bool:
    host = context_name(server).partition(":")[0]
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.")
