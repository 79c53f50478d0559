"""`dougong cluster …`: the fleet, and what an administrator does to join a cluster to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from paas.cli import completion, labels, offers
from paas.cli import join as member
from paas.cli.arguments import Reason
from paas.cli.client import Client
from paas.cli.errors import CliError, DeadlineError, UsageError
from paas.cli.kubectl import Kubectl, existing_file, find
from paas.cli.output import facts, table
from paas.cli.session import Session, command
from paas.cli.status import noteworthy
from paas.cli.watch import Clock, Watch

app = typer.Typer(help="The fleet: join, look at and steer clusters.", no_args_is_help=True)
CLOCK = Clock()

Name = Annotated[str, typer.Argument(help="The cluster's name.", autocompletion=completion.clusters)]
Names = Annotated[list[str], typer.Argument(help="The clusters' names.", autocompletion=completion.clusters)]
Program = Annotated[
    str | None, typer.Option("--kubectl", metavar="PATH", help="The kubectl to run; else the one on PATH.")
]
KubeContext = Annotated[
    str | None, typer.Option("--context", help="The context of the kubeconfig; else its current one.")
]


PriorityClasses = Annotated[list[str] | None, typer.Option(metavar="NAME", help="A PriorityClass; may be repeated.")]
NodePools = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A pool: the nodes with this label dougong.dev/node-pool; may be repeated."),
]
Annotations = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=GLOB",
        help="An annotation of service accounts, and a glob of the values it may have; may be repeated.",
    ),
]
SecretStores = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=GLOB",
        help="A ClusterSecretStore, and which of its keys may be read: * is any text, {team} and {project} are those "
        "of the application; may be repeated.",
    ),
]


@app.command()
@command
def join(
    session: Session,
    name: Name,
    kubeconfig: Annotated[
        Path, typer.Option(metavar="FILE", help="Your administrator's kubeconfig; it stays on this machine.")
    ],
    context: KubeContext = None,
    label: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="A label; may be repeated.")] = None,
    terminals: Annotated[
        bool, typer.Option("--exec", help="Grant terminals in containers too (`dougong exec`); not granted otherwise.")
    ] = False,
    kubectl: Program = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait for the fence.")] = 60,
) -> None:
    """Grant Dougong what it needs in a cluster, and register it. Again, it renews grants and credentials.

    Runs your own kubectl: applies deploy/member, waits until the cluster refuses a forbidden write of the account it
    has just made, and sends address, CA and that account's tokens to the control plane. Your own credentials are not
    sent.
    """
    chosen = labels.pairs(label or [])
    tool = Kubectl(find(kubectl), existing_file(kubeconfig, "kubeconfig"), context)
    output = session.output
    _require_operator(session.client)
    registered = session.client.find_cluster(name)
    there = member.endpoint(tool)
    member.check_identity(there, registered or {"name": name})
    with output.step("Grants applied"):
        member.apply_grants(tool, terminals=terminals)
    with output.step("The fence refuses a forbidden write"):
        member.await_fence(tool, there, seconds=timeout, clock=CLOCK)
    with output.step("Tokens made"):
        handed = member.credentials(tool, seconds=timeout, clock=CLOCK)
    registration: dict[str, Any] = {
        "name": name,
        "server": there.server,
        "ca_data": there.ca_data,
        "identity": there.identity,
        "token": handed.token,
        "expires_at": handed.expires_at,
        "minter_token": handed.minter_token,
    }
    with output.step("Registered" if registered is None else "Renewed"):
        cluster = session.client.create_cluster(registration | ({"labels": chosen} if chosen else {}))
    _show(session, cluster)


@app.command()
@command
def leave(
    session: Session,
    name: Name,
    kubeconfig: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your administrator's kubeconfig: removes the grants too. It stays on this machine."
        ),
    ] = None,
    context: KubeContext = None,
    remove_workloads: Annotated[
        bool | None,
        typer.Option(
            "--remove-workloads/--keep-workloads",
            help="Remove all that Dougong runs there, data included, or leave it running; asked if left out.",
        ),
    ] = None,
    kubectl: Program = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long to wait until the workloads are gone.")
    ] = 600,
) -> None:
    """Unregister a cluster, and take back what it granted.

    The grants go last: Dougong needs them to remove its workloads.
    """
    output, client = session.output, session.client
    cluster = client.cluster(name)
    tool = Kubectl(find(kubectl), existing_file(kubeconfig, "kubeconfig"), context) if kubeconfig else None
    if tool is not None:
        member.check_identity(member.endpoint(tool), cluster)
    remove = _decided(session, name, remove_workloads)
    client.delete_cluster(name, remove=remove)
    if remove:
        with output.step("Workloads removed"):
            _await_gone(client, name, timeout)
    if tool is None:
        output.note(
            f"{name} is unregistered. Its grants are still there; remove them with\n"
            "  kubectl delete clusterrole,clusterrolebinding dougong-writer dougong-logs dougong-exec"
            " --ignore-not-found\n"
            "  kubectl delete clusterrole dougong-namespace-writer dougong-team-logs dougong-team-exec"
            " --ignore-not-found\n"
            "  kubectl delete validatingadmissionpolicybinding,validatingadmissionpolicy"
            " dougong-fence dougong-registries dougong-exec-fence --ignore-not-found\n"
            "  kubectl delete namespace dougong-system"
        )
        return
    with output.step("Grants taken back"):
        member.revoke_grants(tool)
    output.note(f"{name} has left.")


@app.command(name="list")
@command
def list_clusters(session: Session) -> None:
    """List the fleet."""
    found = session.client.clusters()
    session.output.show(
        found,
        table=lambda: table(["NAME", "STATUS", "VERSION", "NODES", "WORKS", "LABELS"], [_row(each) for each in found]),
        names=lambda: [f"cluster/{each['name']}" for each in found],
    )


@app.command()
@command
def show(session: Session, name: Name) -> None:
    """Show one cluster: address, version, nodes and conditions."""
    _show(session, session.client.cluster(name))


@app.command()
@command
def label(
    session: Session,
    name: Name,
    words: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE|KEY-...", help="KEY=VALUE sets a label, KEY- takes it away; or several."),
    ],
    reason: Reason = "",
) -> None:
    """Change the labels of a cluster, by which placements choose it. The others stay as they are.

    An environment that is placed by labels says `PlacementStale` then, and follows with its next deploy.
    """

    def change(now: dict[str, Any]) -> dict[str, Any]:
        return {"labels": labels.changed(_spec(now, "labels", {}), words), "reason": reason}

    _show(session, session.client.edit_cluster(name, change))


@app.command()
@command
def cordon(session: Session, names: Names) -> None:
    """Place no new environment there; what runs is kept."""
    _edit(session, names, {"cordoned": True})


@app.command()
@command
def uncordon(session: Session, names: Names) -> None:
    """Place environments there again."""
    _edit(session, names, {"cordoned": False})


@app.command()
@command
def suspend(session: Session, names: Names) -> None:
    """Write and repair nothing there until it is resumed."""
    _edit(session, names, {"suspended": True})


@app.command()
@command
def resume(session: Session, names: Names) -> None:
    """Deliver there again."""
    _edit(session, names, {"suspended": False})


def _changes_offers(verb: str, change: Callable[[offers.Body, offers.Body, str], offers.Body], told: str) -> None:
    """A command that changes what of a cluster every team may use."""

    @app.command(name=verb, help=told)
    @command
    def run(
        session: Session,
        name: Name,
        priority_class: PriorityClasses = None,
        node_pool: NodePools = None,
        service_account_annotation: Annotations = None,
        secret_store: SecretStores = None,
        reason: Reason = "",
    ) -> None:
        chosen = offers.chosen(priority_class, node_pool, service_account_annotation, secret_store)
        _show(session, session.client.edit_cluster(name, lambda now: change(now, chosen, reason)))


_changes_offers(
    "offer",
    offers.added,
    """Let every team use priority classes, node pools, service-account annotations or secret stores of a cluster.

    What is offered already stays so. Storage tiers are offered in the cluster itself, by the label dougong.dev/tier on
    a StorageClass.
    """,
)
_changes_offers(
    "withdraw",
    offers.removed,
    "Let no team use them any longer. What runs keeps them until it is deployed or rendered again, and refused.",
)


def _edit(session: Session, names: list[str], changes: dict[str, Any]) -> None:
    edited = [session.client.edit_cluster(name, changes) for name in names]
    session.output.show(
        edited if len(edited) > 1 else edited[0],
        table=lambda: table(["NAME", "STATUS"], [_row(each)[:2] for each in edited]),
        names=lambda: [f"cluster/{each['name']}" for each in edited],
    )


def _show(session: Session, cluster: dict[str, Any]) -> None:
    session.output.show(
        cluster, table=lambda: _details(cluster), names=lambda: [f"cluster/{cluster['name']}"]
    )  # fmt: skip


def _row(cluster: dict[str, Any]) -> list[str]:
    status = cluster.get("status") or {}
    nodes = status.get("nodes") or []
    ready = sum(1 for node in nodes if node.get("ready"))
    told = ",".join(f"{key}={value}" for key, value in sorted(_spec(cluster, "labels", {}).items()))
    counted = f"{ready}/{len(nodes)}" if nodes else "-"
    works = str(cluster.get("works", "-"))
    return [str(cluster["name"]), _summary(cluster), str(status.get("version") or "-"), counted, works, told]


def _summary(cluster: dict[str, Any]) -> str:
    """In a word or two: what stands in the way, or that nothing does."""
    words = [word for word in ("leaving", "suspended", "cordoned") if _spec(cluster, word, False)]
    conditions = cluster.get("conditions") or []
    bad = [f"{each['type']}={each['status']}" for each in conditions if noteworthy(each) and each["type"] != "Leaving"]
    state = bad or (["Ready"] if conditions else ["Unknown"])
    return ",".join([*state, *(word.capitalize() for word in words)])


def _details(cluster: dict[str, Any]) -> RenderableType:
    status, conditions = cluster.get("status") or {}, cluster.get("conditions") or []
    rows = [
        ("Name", str(cluster["name"])),
        ("Status", _summary(cluster)),
        ("Server", str(_spec(cluster, "server", ""))),
        ("Identity", str(status.get("identity") or "")),
        ("Version", str(status.get("version") or "")),
        ("Nodes", ", ".join(str(node["name"]) for node in status.get("nodes") or [])),
        ("Labels", ", ".join(f"{key}={value}" for key, value in sorted(_spec(cluster, "labels", {}).items()))),
        *offers.rows(cluster.get("spec") or {}),
        ("Credential until", _day(status.get("credential_expires_at"))),
        ("Works", str(cluster.get("works", ""))),
    ]
    said = [[each["type"], each["status"], each.get("reason", ""), each.get("message", "")] for each in conditions]
    parts: list[RenderableType] = [facts(rows)]
    return Group(*parts, "", table(["CONDITION", "STATUS", "REASON", "MESSAGE"], said)) if said else parts[0]


def _spec(cluster: dict[str, Any], key: str, default: Any) -> Any:
    return (cluster.get("spec") or {}).get(key, default)


def _day(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M %Z}" if moment else ""


def _decided(session: Session, name: str, remove: bool | None) -> bool:
    if remove is not None:
        return remove
    if not session.output.interactive:
        raise UsageError("What is to become of the workloads?", remedy="Give --remove-workloads or --keep-workloads.")
    return typer.confirm(f"Remove all that Dougong runs on {name}, data included? (No: leave it running)", err=True)


def _require_operator(client: Client) -> None:
    """Before anything is granted: the API would refuse only at the end."""
    if not client.me().get("operator"):
        raise CliError(
            "Only operators join clusters.",
            code="operator_required",
            remedy="Ask an operator; nothing has been changed.",
        )


def _await_gone(client: Client, name: str, seconds: float) -> None:
    late = DeadlineError(
        f"{name} still holds workloads of Dougong.",
        code="still_leaving",
        rule="Its grants stay until the last one is gone.",
        remedy=f"Look at `dougong cluster show {name}`; repeat the command to go on.",
    )
    list(Watch(lambda: client.find_cluster(name), lambda found: found is None, seconds, late, clock=CLOCK))
