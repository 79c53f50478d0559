"""`dougong docs`: the reference of all commands, made of the commands themselves.

docs/cli.md is its output; docs/cli, a page for each command and an index, is what it writes with --folder.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

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

Tokens are kept in the system's keyring. Where there is none, they are in `tokens.json` beside the contexts, mode 0600
in a folder of mode 0700: as safe as that account on that machine. In a pipeline use `DOUGONG_TOKEN` and a service
account.

| variable | meaning |
|---|---|
| `DOUGONG_SERVER` | the control plane, in place of the context's |
| `DOUGONG_CONTEXT` | the context, in place of the one in use |
| `DOUGONG_TOKEN` | the API token, in place of the kept one |
| `DOUGONG_CONFIG_DIR` | where contexts (and tokens, where there is no keyring) are kept |
| `NO_COLOR` | no colours on a terminal either |
"""
INDEX = """\
# Commands of `dougong`

Made by `dougong docs --folder docs/cli`; do not edit by hand. What all of them have in common (formats, exit codes,
variables) is in [cli.md](../cli.md).

| command | does |
|---|---|
"""
BACK = """
Every command takes `-o table|json|yaml|name` and `--server URL`. [All commands](README.md),
[exit codes](../cli.md).
"""
# Every command has these; they are told once, at the top.
COMMON = frozenset({"output", "server", "help"})


Folder = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write a page for each command there.")]


@app.command(hidden=True)
def docs(ctx: typer.Context, folder: Folder = None) -> None:
    """Print the reference of all commands as Markdown, or write a page for each."""
    root = ctx.find_root().command
    if folder is None:
        session_of(ctx).output.raw(reference(root).rstrip("\n"))
        return
    folder.mkdir(exist_ok=True)
    made = pages(root)
    for path in folder.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def pages(root: Any) -> dict[str, str]:
    """Each page of the folder by its file's name: one for each command, and README.md with all of them."""
    found = {path.removeprefix("dougong "): command for path, command in _commands(root, "dougong")}
    made = {
        f"{name.replace(' ', '-')}.md": _section(command, f"dougong {name}", "#").lstrip("\n") + BACK
        for name, command in found.items()
    }
    rows = "".join(
        f"| [`dougong {name}`]({name.replace(' ', '-')}.md) | {_summary(command)} |\n"
        for name, command in found.items()
    )
    return {"README.md": INDEX + rows, **made}


def reference(root: Any) -> str:
    """The whole page."""
    codes = "".join(f"| {int(code)} | {meaning} |\n" for code, meaning in MEANINGS.items())
    return (
        HEAD
        + codes
        + VARIABLES
        + "".join(_section(command, path, "##") for path, command in _commands(root, "dougong"))
    )


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command that is shown, by all its words."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _summary(command: Any) -> str:
    return str(command.help or "").strip().partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def _section(command: Any, path: str, mark: str) -> str:
    shown = [each for each in command.params if each.name not in COMMON and not getattr(each, "hidden", False)]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name == "option"]
    usage = " ".join([path, *(_placeholder(each) for each in arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"\n{mark} `{path}`\n", inspect.cleandoc(command.help or ""), f"\n```\n{usage}\n```"]
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
