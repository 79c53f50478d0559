"""From an app file: deploy it, render it offline, and the schema it is written by."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from paas.cli import changes, completion
from paas.cli.arguments import Reason
from paas.cli.client import environment_of, project_name
from paas.cli.commands.applications import ExitCodeFlag, follow_status, show_changes
from paas.cli.commands.freezes import OverrideFreeze
from paas.cli.errors import ExitCode, UsageError
from paas.cli.output import Format, facts
from paas.cli.session import Session, command

app = typer.Typer()
schemas = typer.Typer(help="The app file.", no_args_is_help=True)

File = Annotated[Path, typer.Option("--file", "-f", help="The app file; - reads standard input.")]
Environments = Annotated[
    list[str] | None, typer.Option("--environment", "-e", help="Only this environment of the file; may be repeated.")
]


@app.command()
@command
def deploy(
    session: Session,
    file: File,
    environment: Environments = None,
    reason: Reason = "",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Wait until all is delivered and healthy.")] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long to watch.")] = 600,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do nothing: show what would change, as `diff`.")] = False,
    exit_code: ExitCodeFlag = False,
    override_freeze: OverrideFreeze = False,
) -> None:
    """Declare an application as its file says, and deliver what has changed."""
    if exit_code and not dry_run:
        raise UsageError("--exit-code belongs to --dry-run.", remedy="Give --dry-run too, or leave it out.")
    project, name, order = order_of(file, environment, reason)
    if dry_run:
        show_changes(session, session.client.try_deploy(project, name, order), exit_code=exit_code)
        return
    if override_freeze:
        order["override_freeze"] = True
    application = session.client.deploy(project, name, order)
    for note in application.get("notes") or ():
        session.output.note(str(note))
    proposed = application.get("proposed") or {}
    for name, proposal in proposed.items():
        session.output.note(f"{name} waits for a second person: `dougong approve {proposal}`.")
    if watch and not (proposed and not application.get("deployed")):
        chosen = environment[0] if environment and len(environment) == 1 else None
        follow_status(session, str(application["id"]), chosen, timeout)
        return
    session.output.show(
        application,
        table=lambda: facts([("Declared" if proposed else "Deployed", f"{project}/{name}"), *_releases(application)]),
        names=lambda: [f"application/{project_name(application) or project}/{name}"],
    )


@app.command()
@command
def diff(
    session: Session,
    application: Annotated[
        str | None,
        typer.Argument(
            metavar="[APP]",
            help="The application whose releases are compared, as NAME or PROJECT/NAME.",
            autocompletion=completion.applications,
        ),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="The app file; - reads standard input.")] = None,
    environment: Annotated[
        list[str] | None,
        typer.Option("--environment", "-e", help="Only this environment; of a file, several may be given."),
    ] = None,
    before: Annotated[str, typer.Option("--from", metavar="RELEASE", help="The release to compare, such as r3.")] = "",
    after: Annotated[
        str, typer.Option("--to", metavar="RELEASE", help="The release to compare it with; else the latest.")
    ] = "",
    exit_code: ExitCodeFlag = False,
) -> None:
    """Show what a deploy of the file would change on each cluster, field by field. Nothing is done.

    With APP and --from: in what two releases of an environment differ, on the clusters where it is now.

    A refusal is the one that the deploy would meet. Values of secrets are not shown.
    """
    if file is not None and not (application or before or after):
        project, name, order = order_of(file, environment, "")
        show_changes(session, session.client.try_deploy(project, name, order), exit_code=exit_code)
        return
    if file is not None or application is None or not before or len(environment or ()) > 1:
        raise UsageError(
            "What is to be compared?", remedy="Give --file FILE, or APP with --from RELEASE and one --environment."
        )
    found = session.client.application(application)
    where = environment_of(found, environment[0] if environment else None)
    differences = session.client.differences(found, str(where["name"]), before, after)
    session.output.show(
        differences,
        table=lambda: changes.between(differences),
        names=lambda: changes.names_between(differences),
    )
    if exit_code and differences["changed"]:
        raise typer.Exit(int(ExitCode.CHANGES))


def order_of(file: Path, environments: list[str] | None, reason: str) -> tuple[str, str, dict[str, Any]]:
    """Project, application, and what is sent."""
    from paas.cli import offline  # noqa: PLC0415 - loads for as long as all the rest of the command

    document = offline.document(_text(file))
    project, name = document.get("project"), document.get("name")
    if not isinstance(project, str) or not isinstance(name, str) or not project or not name:
        raise UsageError("The app file names no project and application.", remedy="Give it `project:` and `name:`.")
    chosen = {"environments": environments} if environments else {}
    return project, name, {"appFile": document, "reason": reason, **chosen}


@app.command()
@command
def render(
    session: Session,
    file: File,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="The environment; needed where the file has several.")
    ] = None,
    cluster_facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Facts of the cluster, as JSON or YAML: version, served, gateway, storage (tier to StorageClass), "
            "pod_security, priority_classes, node_pools, service_account_annotations and secret_stores (each to "
            "globs). Without them it is one that offers all that the file asks for, and a remark says what.",
        ),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="The namespace; else a stand-in for the one that Dougong gives.")
    ] = None,
) -> None:
    """Print the Kubernetes objects that an app file makes, without any server.

    Values of secrets are not known here: a secret has its name and no data.
    """
    from paas.cli import offline  # noqa: PLC0415 - as in order_of

    given = _text(cluster_facts) if cluster_facts else None
    bodies, notes = offline.render(_text(file), environment=environment, facts=given, namespace=namespace)
    output = session.output
    if output.format is Format.json:
        output.raw(json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies}, indent=2, ensure_ascii=False))
    elif output.format is Format.name:
        for body in bodies:
            output.raw(f"{body['kind'].lower()}/{body['metadata']['name']}")
    else:
        output.raw(offline.as_yaml(bodies).rstrip("\n"))
    for note in notes:
        output.note(note)


@schemas.command()
@command
def schema(session: Session) -> None:
    """Print the JSON Schema of the app file, for editors."""
    from paas.cli import offline  # noqa: PLC0415 - as in order_of

    found = offline.schema()
    if session.output.format is Format.yaml:
        session.output.show(found, table=str, names=list)
    else:
        session.output.raw(json.dumps(found, indent=2, ensure_ascii=False))


def _text(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.read()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", code="file_unreadable") from None


def _releases(application: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for each in application.get("environments") or []:
        release = each.get("release")
        if isinstance(release, dict):
            release = release.get("number") or release.get("id")
        rows.append((f"  {each['name']}", f"release {release}" if release else ""))
    return rows
