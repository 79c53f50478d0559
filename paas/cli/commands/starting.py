"""Before the first deploy: an app file proposed from a folder, and what a word of the platform means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from paas.cli import propose
from paas.cli.errors import ConflictError, UsageError
from paas.cli.explanation import explained
from paas.cli.output import Format
from paas.cli.session import Session, command

app = typer.Typer()
_QUESTION = ("permission", "PERSON", "ACTION", "OBJECT")


@app.command()
@command
def init(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="The folder to look at; else this one.")] = Path(),
    name: Annotated[str | None, typer.Option(help="What the application is called; else as the folder.")] = None,
    project: Annotated[str, typer.Option(help="The project it belongs to.")] = "demo",
    image: Annotated[str, typer.Option(help="Its image, by digest; else a placeholder to be replaced.")] = "",
    cluster: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A cluster it runs on; may be repeated.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Where to write; else app.yaml in the folder.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Look at a folder and propose an app file for it.

    Sees a Procfile, Dockerfile or Containerfile, package.json, manage.py, requirements.txt, pyproject.toml and go.mod.
    It is written where there is none; with -o yaml or json it is printed, and nothing is written.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", code="file_unreadable", remedy="Name the folder of the program.")
    found = propose.look(folder)
    document = propose.proposal(
        found, name=name or propose.name_of(folder), project=project, image=image, clusters=cluster or ()
    )
    text = propose.as_text(document, found)
    output = session.output
    if output.format is Format.yaml:
        output.raw(text.rstrip("\n"))
        return
    if output.format is Format.json:
        output.show(document, table=str, names=list)
        return
    path = file or folder / "app.yaml"
    _write(path, text, force=force)
    for seen in found.seen:
        output.note(f"Seen: {seen}.")
    output.show(
        document,
        table=lambda: Text(f"{path} is written. Next: read it, then `dougong render -f {path}`."),
        names=lambda: [str(path)],
    )


@app.command()
@command
def explain(
    session: Session,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[WHAT]",
            help="A block, BLOCK.PARAMETER, a reason, a condition or the code of a refusal; or the word permission.",
        ),
    ] = None,
    about: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PERSON ACTION OBJECT]",
            help="After permission: who (me for yourself), what (view, deploy, release, exec, own, operate), on what: "
            "platform, cluster/NAME, team/NAME, project/NAME, application/PROJECT/NAME, environment/PROJECT/APP/NAME.",
        ),
    ] = None,
) -> None:
    """Say what a word means: a block, a parameter, why something is not as declared, or why it was refused.

    Asks no server. Without a word it lists the blocks.

    `dougong explain permission PERSON ACTION OBJECT` asks the control plane why a person may do something: by which
    group and role, given on what; or why not, and who can give it.
    """
    if about or what == "permission":
        _permission(session, [str(what), *(about or ())])
        return
    from paas.cli import meanings  # noqa: PLC0415 - loads every building block

    if what is None:
        found: Any = meanings.blocks_known()
        session.output.show(
            found, table=lambda: _lines([f"{each['name']}: {each['summary']}" for each in found]),
            names=lambda: [each["name"] for each in found],
        )  # fmt: skip
        return
    meaning = meanings.meaning(what)
    session.output.show(meaning.value, table=lambda: _lines(meaning.lines), names=lambda: meaning.names)


def _permission(session: Session, words: list[str]) -> None:
    if len(words) != len(_QUESTION) or words[0] != _QUESTION[0]:
        raise UsageError("What is to be explained?", remedy=f"Say `dougong explain {' '.join(_QUESTION)}`.")
    person, action, thing = words[1:]
    found = session.client.explain_permission("" if person == "me" else person, action, thing)
    session.output.show(found, table=lambda: _lines(explained(found)), names=lambda: [str(found["allowed"]).lower()])


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConflictError(
            f"{path} is there already.",
            code="file_exists",
            remedy="Look at the proposal with -o yaml, or write over the file with --force.",
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error}", code="file_unwritable") from None


def _lines(lines: list[str]) -> RenderableType:
    return Text("\n".join(lines))
