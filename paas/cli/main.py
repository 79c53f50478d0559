"""`dougong`: puts the commands together and turns every failure into its exit code."""

from __future__ import annotations

import sys

import typer

from paas.cli.commands import (
    account,
    applications,
    approvals,
    audit,
    break_glass,
    clusters,
    config,
    deploy,
    docs,
    freezes,
    held,
    members,
    placement,
    pull_secrets,
    retiring,
    runs,
    secrets,
    starting,
    teams,
    tenants,
    terminals,
    tokens,
    trees,
    whodid,
)
from paas.cli.errors import MEANINGS, CliError, ExitCode
from paas.cli.session import OutputOption, ServerOption, Session, session_of

# Lines that begin with a blank are joined by the help's own wrapping; a list stays one.
_CODES = "Exit codes:\n\n" + "\n\n".join(f"{int(code)}  {meaning}" for code, meaning in MEANINGS.items())
INTERRUPTED = 130

app = typer.Typer(
    name="dougong",
    help="Deploy and keep applications on every registered cluster.",
    epilog=_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(ctx: typer.Context, output: OutputOption = None, server: ServerOption = None) -> None:
    """Deploy and keep applications on every registered cluster."""
    session_of(ctx).settle(output, server)


app.add_typer(account.app)
app.add_typer(starting.app)
app.add_typer(deploy.app)
app.add_typer(applications.app)
app.add_typer(retiring.app)
app.add_typer(approvals.app)
app.add_typer(freezes.app, name="freeze")
app.add_typer(break_glass.app, name="break-glass")
app.add_typer(runs.app)
app.add_typer(whodid.app)
app.add_typer(placement.scales)
app.add_typer(placement.app, name="placement")
app.add_typer(held.app, name="held")
app.add_typer(teams.teams, name="team")
app.add_typer(teams.projects, name="project")
app.add_typer(members.platform, name="platform")
app.add_typer(tenants.app, name="tenant")
app.add_typer(trees.app)
app.add_typer(terminals.app)
app.add_typer(clusters.app, name="cluster")
app.add_typer(secrets.app, name="secret")
app.add_typer(pull_secrets.app, name="pull-secret")
app.add_typer(tokens.app, name="token")
app.add_typer(tokens.accounts, name="service-account")
app.add_typer(config.app, name="config")
app.add_typer(audit.app, name="audit")
app.add_typer(deploy.schemas, name="app-file")
app.add_typer(docs.app)


def main(arguments: list[str] | None = None) -> int:
    """Run a command line and return its exit code; the console script ends with it."""
    session = Session()
    try:
        app(args=arguments, obj=session, prog_name="dougong")
    except CliError as error:
        session.output.fail(error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough of it.
        sys.stderr.close()
        return int(ExitCode.OK)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(ExitCode.OK if end.code is None else ExitCode.REFUSED)
    return int(ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main())
