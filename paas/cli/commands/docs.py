"""`dougong docs`: the reference of all commands, made of the commands themselves; docs/cli.md is its output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from paas.cli.errors import MEANINGS
from paas.cli.session import session_of

app = typer.Typer()

HEAD = """\
# The `dougong` command

Made by `dougong docs > docs/cli.md`; do not edit by hand.

Every command takes `-o table|json|yaml|name` and `--server URL`, before or behind it. Results go to standard output,
remarks and errors to standard error; colours, spinners and live views appear only on a terminal.

| exit code | meaning |
|---|---|
"""
VARIABLES = """
`dougong --install-completion` teaches your shell (bash, zsh, fish, PowerShell) to complete commands and options;
`--show-completion` prints what it would write. `dougong explain WORD` tells what a block, a reason or the code of a
refusal means.

| variable | meaning |
|---|---|
| `DOUGONG_SERVER` | the control plane, in place of the context's |
| `DOUGONG_CONTEXT` | the context, in place of the one in use |
| `DOUGONG_TOKEN` | the API token, in place of the kept one |
| `DOUGONG_CONFIG_DIR` | where contexts (and tokens, where there is no keyring) are kept |
| `NO_COLOR` | no colours on a terminal either |
"""
# Every command has these; they are told once, at the top.
COMMON = frozenset({"output", "server", "help"})


@app.command(hidden=True)
def docs(ctx: typer.Context) -> None:
    """Print the reference of all commands as Markdown."""
    session_of(ctx).output.raw(reference(ctx.find_root().command).rstrip("\n"))


def reference(root: Any) -> str:
    """The whole page."""
    codes = "".join(f"| {int(code)} | {meaning} |\n" for code, meaning in MEANINGS.items())
    return HEAD + codes + VARIABLES + "".join(_sections(root, "dougong"))


def _sections(group: Any, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _sections(command, f"{path} {name}")
        else:
            yield _section(command, f"{path} {name}")


def _section(command: Any, path: str) -> str:
    shown = [each for each in command.params if each.name not in COMMON and not getattr(each, "hidden", False)]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name == "option"]
    usage = " ".join([path, *(_placeholder(each) for each in arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"\n## `{path}`\n", (command.help or "").strip(), f"\n```\n{usage}\n```"]
    if shown:
        lines.append("")
    lines += [f"- `{_placeholder(each).strip('[].')}`: {each.help}" for each in arguments]
    lines += [f"- {_names(each)}: {_told(each)}" for each in options]
    return "\n".join(lines) + "\n"


def _placeholder(argument: Any) -> str:
    if argument.metavar:
        return str(argument.metavar)
    name = argument.name.upper()
    name = name if argument.required else f"[{name}]"
    return f"{name}..." if argument.nargs != 1 else name


def _names(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    flags = [f"`{each}{value}`" for each in sorted(option.opts, key=len)]
    return ", ".join(flags + [f"`{each}`" for each in option.secondary_opts])


def _told(option: Any) -> str:
    text = str(option.help or "")
    if option.required:
        return f"{text} Required."
    if option.is_flag or option.default in (None, "", False, 0):
        return text
    return f"{text} Default: {option.default}."
