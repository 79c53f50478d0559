"""What one run of the command shares: the format, and whom it speaks to as whom. Options that every command takes."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

from paas.cli import tokens
from paas.cli.client import Client
from paas.cli.contexts import Context, Contexts, normal_server
from paas.cli.errors import UsageError
from paas.cli.http import SECONDS, Http
from paas.cli.output import Format, Output


class Session:
    """Built by the first command that asks for it."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self.output = Output()
        self.seconds = seconds
        self.server = ""
        self._client: Client | None = None

    def settle(self, output: Format | None, server: str | None) -> None:
        """Take over options; those given behind the command win over those before it."""
        if output is not None:
            self.output.format = output
        self.server = server or self.server

    def target(self) -> tuple[str, Context | None]:
        """The control plane to speak to, and the context that leads there: options first, then environment, then file.

        Raises:
            UsageError: nothing says where.
        """
        contexts = Contexts.load()
        server = self.server or os.environ.get("DOUGONG_SERVER", "")
        if server:
            address = normal_server(server)
            return address, contexts.for_server(address)
        if name := os.environ.get("DOUGONG_CONTEXT", "") or contexts.current:
            chosen = contexts.named(name)
            return chosen.server, chosen
        raise UsageError("Which control plane?", remedy="Sign in with `dougong login --server URL`.")

    @property
    def client(self) -> Client:
        """The API as the person signed in. DOUGONG_TOKEN, where set, is used in place of a kept token."""
        if self._client is None:
            server, context = self.target()
            token = os.environ.get("DOUGONG_TOKEN") or (tokens.load(context.token_key) if context else "")
            if not token:
                remedy = f"Sign in with `dougong login --server {server}`."
                raise UsageError(f"You are not signed in at {server}.", code="not_signed_in", remedy=remedy)
            self._client = Client(Http(server, token, seconds=self.seconds))
        return self._client


OutputOption = Annotated[
    Format | None, typer.Option("--output", "-o", help="How results are printed.", rich_help_panel="Every command")
]
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help="The control plane to speak to, else DOUGONG_SERVER, else the context's.",
        rich_help_panel="Every command",
    ),
]
_COMMON: dict[str, Any] = {"output": OutputOption, "server": ServerOption}


def session_of(ctx: typer.Context) -> Session:
    """The session of this run."""
    root = ctx.find_root()
    if root.obj is None:
        root.obj = Session()
    session: Session = root.obj
    return session


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function whose first parameter is the Session: it takes the common options as well."""

    @functools.wraps(function)
    def run(ctx: typer.Context, **arguments: Any) -> None:
        session = session_of(ctx)
        session.settle(**{name: arguments.pop(name) for name in _COMMON})
        function(session, **arguments)

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    shown = [inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    shown += [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
    shown += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=None)
        for name, kind in _COMMON.items()
    ]
    vars(run)["__signature__"] = inspect.Signature(shown)
    run.__annotations__ = {each.name: each.annotation for each in shown}
    del vars(run)["__wrapped__"]
    return run
