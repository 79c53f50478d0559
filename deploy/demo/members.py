"""The clusters of a demo, wherever they come from: a name, a kubeconfig, a kubectl, and perhaps a gateway."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.lab.commands import run
from deploy.lab.errors import LabError
from deploy.lab.lab import opened

from .config import OWN_MODE, Config

QUICK = "--request-timeout=10s"


@dataclass(frozen=True)
class Member:
    """One cluster. `forward`: the port on loopback by which a browser reaches its gateway; 0 for none."""

    name: str
    kubeconfig: Path
    kubectl: Path
    forward: int = 0

    def ask(self, *words: str) -> str:
        """What kubectl prints."""
        return run([self.kubectl, "--kubeconfig", self.kubeconfig, *words])

    @property
    def server(self) -> str:
        """The address of its API server."""
        return self.ask("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}").strip()

    def granted(self) -> bool:
        """Whether Dougong's grants are there, of this control plane or of another."""
        return bool(self.ask(QUICK, "get", "namespace", "dougong-system", "--ignore-not-found", "-o", "name").strip())

    def gateway(self, reference: dict[str, Any] | None) -> str:
        """Where the Gateway that Dougong uses there answers to HTTP; "" where there is none or it has no address."""
        if not reference:
            return ""
        where = ["gateways.gateway.networking.k8s.io", reference["name"], "-n", reference["namespace"]]
        found = json.loads(self.ask(QUICK, "get", *where, "-o", "json"))
        addresses = [each["value"] for each in found.get("status", {}).get("addresses", [])]
        ports = [each["port"] for each in found["spec"]["listeners"] if each["protocol"] == "HTTP"]
        if not addresses or not ports:
            return ""
        return f"http://{addresses[0]}" + ("" if ports[0] == 80 else f":{ports[0]}")


def members(config: Config) -> list[Member]:
    """The demo's clusters; the lab must be up for its own.

    Raises:
        LabError: a kubeconfig that cannot be used, or two of the same name.
    """
    return own(config) if config.mode == OWN_MODE else of_lab(config.lab)


def of_lab(name: str) -> list[Member]:
    """The lab's clusters; it must be up."""
    with opened(name, changing=False) as lab:
        kubectl = lab.binaries.kubernetes("kubectl")
        return [
            Member(each.name, lab.cluster(each.name).control.admin, kubectl, each.forward_port)
            for each in lab.plan.clusters
        ]


def own(config: Config) -> list[Member]:
    """Clusters of one's own, called as the current context of each kubeconfig is."""
    program = shutil.which("kubectl")
    if program is None:
        raise LabError("clusters of your own are joined with your own kubectl: there is none on the PATH")
    found = [Member(context_name(program, each), each, Path(program)) for each in config.kubeconfigs]
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LabError(f"two kubeconfigs name a cluster {', '.join(twice)}: rename a context")
    return found


def context_name(kubectl: str, kubeconfig: Path) -> str:
    """A cluster's name from the kubeconfig's current context."""
    context = run([kubectl, "--kubeconfig", kubeconfig, "config", "current-context"]).strip()
    name = as_name(context)
    if not name:
        raise LabError(f"{kubeconfig}: no name can be made of its context {context!r}")
    return name


def as_name(context: str) -> str:
    """A cluster's name: lower-case letters, digits and dashes, beginning with a letter. Pure."""
    words = re.sub(r"[^a-z0-9]+", "-", context.lower()).strip("-")
    return re.sub(r"^[^a-z]+", "", words)[:40].rstrip("-")
