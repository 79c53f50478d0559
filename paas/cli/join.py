"""What joining and leaving do in the cluster itself, on the administrator's machine and with their kubectl.

Order of joining: the fence and the accounts before any token exists; a token of ten minutes to see the fence refuse;
only then the tokens that are handed over. Nothing of the administrator's credential is in what this returns.
"""

from __future__ import annotations

import base64
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paas.cli import member
from paas.cli.errors import ConflictError, DeadlineError, UsageError
from paas.cli.kubectl import Kubectl, KubectlError
from paas.cli.watch import Clock, Watch

TRIAL = "10m"
WRITER_LIFE = "720h"
# Behind one address there may be several API servers, each with a cache of its own.
REFUSALS_IN_A_ROW = 3


@dataclass(frozen=True)
class Endpoint:
    """Where a cluster is: address, CA as PEM, uid of its kube-system namespace."""

    server: str
    ca_data: str
    identity: str


@dataclass(frozen=True)
class Credentials:
    """What the control plane is given; secret."""

    token: str
    expires_at: str
    minter_token: str


def endpoint(kubectl: Kubectl) -> Endpoint:
    """Where the cluster of the kubeconfig is.

    Raises:
        UsageError: the control plane could not connect to it by what the kubeconfig says.
    """
    view = kubectl.json("config", "view", "--minify", "--flatten", "--raw")
    clusters = view.get("clusters") or [{}]
    cluster: dict[str, Any] = clusters[0].get("cluster") or {}
    server, encoded = str(cluster.get("server", "")), cluster.get("certificate-authority-data")
    if not server.startswith("https://"):
        raise UsageError(f"The kubeconfig's server {server!r} is no https address.", code="server_not_https")
    if not encoded:
        raise UsageError(
            "The kubeconfig names no certificate authority.",
            code="ca_missing",
            rule="A cluster is joined with its own CA, never without verification.",
            remedy="Use a kubeconfig with certificate-authority-data.",
        )
    identity = str(kubectl.json("get", "namespace", "kube-system")["metadata"]["uid"])
    return Endpoint(server, base64.b64decode(encoded).decode(), identity)


def apply_grants(kubectl: Kubectl, *, terminals: bool = False) -> None:
    """Apply deploy/member, with what `terminals` need; again changes nothing, or brings it up to date."""
    manager = f"--field-manager={member.FIELD_MANAGER}"
    text = "\n---\n".join(member.texts(terminals=terminals))
    kubectl.run("apply", "--server-side", "--force-conflicts", manager, "-f", "-", stdin=text)


def await_fence(kubectl: Kubectl, there: Endpoint, *, seconds: float, clock: Clock) -> None:
    """Return once a forbidden write of the writer is refused by the fence that was just applied.

    Raises:
        DeadlineError: it was not, within `seconds`.
    """
    trial = mint(kubectl, TRIAL)["status"]["token"]
    refused = 0
    with tempfile.TemporaryDirectory(prefix="dougong-") as folder:
        writer = Kubectl(kubectl.program, _kubeconfig(Path(folder) / "writer.json", there, trial))
        answer = ""

        def look() -> str:
            nonlocal answer
            answer = try_forbidden(writer)
            return answer

        def done(said: str) -> bool:
            nonlocal refused
            refused = refused + 1 if said.endswith(f"revision {member.fence_revision()}.") else 0
            return refused >= REFUSALS_IN_A_ROW

        timeout = DeadlineError(
            "The cluster does not refuse the writer's test write.",
            code="fence_not_standing",
            rule="No credential is handed over before the fence stands.",
            remedy="Needed is Kubernetes 1.30 or newer with admission policies on. Nothing is registered yet.",
        )
        try:
            list(Watch(look, done, seconds, timeout, every=0.2, clock=clock))
        except DeadlineError as error:
            error.message += f" Its last answer: {answer or 'accepted'}"
            raise


def mint(kubectl: Kubectl, duration: str) -> dict[str, Any]:
    """A TokenRequest of the writer, answered."""
    return kubectl.json("create", "token", member.WRITER, "-n", member.SYSTEM, f"--duration={duration}")


def try_forbidden(writer: Kubectl) -> str:
    """What the cluster says to a write in `default`, "" if it takes it. A dry run: nothing is ever written."""
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{member.FENCE}-probe", "namespace": "default"},
    }
    try:
        writer.run("create", "--dry-run=server", "--validate=false", "-o", "name", "-f", "-", stdin=json.dumps(body))
    except KubectlError as error:
        return error.said
    return ""


def credentials(kubectl: Kubectl, *, seconds: float, clock: Clock) -> Credentials:
    """Thirty days for the writer (or as long as the cluster grants), and the minter's own."""
    timeout = DeadlineError("The cluster makes no token for the minter's Secret.", code="minter_token_missing")

    def look() -> str:
        found = kubectl.find("secret", member.MINTER, "-n", member.SYSTEM) or {}
        return str((found.get("data") or {}).get("token", ""))

    *_, encoded = Watch(look, bool, seconds, timeout, every=0.2, clock=clock)
    status = mint(kubectl, WRITER_LIFE)["status"]
    return Credentials(str(status["token"]), str(status["expirationTimestamp"]), base64.b64decode(encoded).decode())


def revoke_grants(kubectl: Kubectl) -> None:
    """Remove what deploy/member applied, rights first and the fence after them."""
    for each in reversed(member.objects(terminals=True)):
        name, namespace = each["metadata"]["name"], each["metadata"].get("namespace")
        if namespace:
            continue  # goes with its namespace
        kind = each["kind"].lower()
        kubectl.run("delete", kind, name, "--ignore-not-found", "--timeout=60s")


def check_identity(there: Endpoint, registered: dict[str, Any]) -> None:
    """Refuse to treat one cluster as another.

    Raises:
        ConflictError: it is registered with another identity.
    """
    known = (registered.get("status") or {}).get("identity")
    if known and known != there.identity:
        raise ConflictError(
            f"{registered['name']} is registered as another cluster than the one of this kubeconfig.",
            code="other_cluster",
            rule="A cluster is known by the uid of its kube-system namespace.",
            remedy="Choose another name, kubeconfig or --context.",
        )


def _kubeconfig(path: Path, there: Endpoint, token: str) -> Path:
    """A kubeconfig with nothing but a token in it, for its owner only."""
    cluster = {"server": there.server, "certificate-authority-data": base64.b64encode(there.ca_data.encode()).decode()}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
