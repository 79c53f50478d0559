"""One cluster: its control plane, its nodes and its forward to the browser, addressed by component."""

from dataclasses import dataclass
from pathlib import Path

from . import addresses, leftovers
from .addons import Addons
from .control_plane import COMPONENTS as CONTROL
from .control_plane import ControlPlane
from .errors import LabError
from .node import COMPONENTS as NODE
from .node import Context, NodeRunner

VOLUMES = Path("/tmp/hostpath_pv")  # noqa: S108 - fixed by the controller manager


@dataclass(frozen=True)
class ClusterRunner:
    """Starts and stops one cluster, whole or by component."""

    context: Context
    cluster: addresses.Cluster

    @property
    def control(self) -> ControlPlane:
        return ControlPlane(self.context, self.cluster)

    @property
    def addons(self) -> Addons:
        return Addons(self.control)

    @property
    def nodes(self) -> tuple[NodeRunner, ...]:
        return tuple(NodeRunner(self.context, node) for node in self.cluster.nodes)

    def forward(self) -> None:
        """The gateway on loopback, so that a browser finds http://APP.CLUSTER.localhost:PORT/."""
        listen = f"TCP4-LISTEN:{self.cluster.forward_port},bind=127.0.0.1,fork,reuseaddr"
        self.context.processes.start(self._forward, ["socat", listen, f"TCP4:{self.cluster.edge.address}:80"])

    @property
    def _forward(self) -> str:
        return f"{self.cluster.name}/forward"

    def select(self, component: str) -> list[tuple[ControlPlane | NodeRunner, str]]:
        """What a component's name means: `etcd`, `kubelet` (of every node), `worker-1`, `worker-1/kubelet`, or all."""
        if component in CONTROL:
            return [(self.control, component)]
        node, _, part = component.partition("/")
        if component in NODE:
            return [(runner, component) for runner in self.nodes]
        for runner in self.nodes:
            if runner.node.name == node and (not part or part in NODE):
                return [(runner, name) for name in ([part] if part else NODE)]
        if not component:
            everything: list[tuple[ControlPlane | NodeRunner, str]] = [(self.control, name) for name in CONTROL]
            return everything + [(runner, name) for runner in self.nodes for name in NODE]
        nodes = ", ".join(runner.node.name for runner in self.nodes)
        raise LabError(f"{self.cluster.name} has no {component!r}: {', '.join(CONTROL)}; {', '.join(NODE)}; {nodes}")

    def start(self, component: str) -> None:
        for runner, name in self.select(component):
            runner.start(name)
        if not component:
            self.forward()

    def stop(self, component: str) -> None:
        if not component:
            self.down()
            return
        # A kubelet first, or it would start again what its runtime loses.
        for runner, name in sorted(self.select(component), key=lambda pair: pair[1] == "containerd"):
            runner.stop(name)

    def down(self) -> None:
        for runner in self.nodes:
            runner.down()
        self.control.down()
        self.context.processes.stop(self._forward)

    def remove(self) -> None:
        """Take away what lies outside the lab's own folder, too."""
        self.down()
        for runner in self.nodes:
            runner.remove()
        leftovers.remove_volumes(self.control.folder / "etcd", VOLUMES)
        leftovers.remove_dangling_logs(self.control.folder)
