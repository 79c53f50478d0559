"""One node: a container runtime, a kubelet and a kube-proxy in a network namespace and a cgroup of its own."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import addresses, kubeconfig, leftovers, paths
from .builds import Binaries
from .commands import succeeds, until
from .processes import Processes

COMPONENTS = ("containerd", "kubelet", "kube-proxy")
CNI_PLUGINS = "/usr/lib/cni"
PAUSE = "pause:1"


@dataclass(frozen=True)
class Context:
    """What everything in a cluster needs to know to start."""

    plan: addresses.Plan
    where: paths.Paths
    processes: Processes
    binaries: Binaries


@dataclass(frozen=True)
class NodeRunner:
    """Starts and stops one node."""

    context: Context
    node: addresses.Node

    @property
    def cluster(self) -> addresses.Cluster:
        return self.context.plan.cluster(self.node.cluster)

    @property
    def folder(self) -> Path:
        return self.context.where.state / self.node.path

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "containerd.sock"

    @property
    def cgroup(self) -> str:
        return self.context.plan.namespace(self.node.path)

    @property
    def pki(self) -> Path:
        return self.context.where.state / self.node.cluster / "pki"

    def name(self, component: str) -> str:
        return f"{self.node.path}/{component}"

    def start(self, component: str) -> None:
        if component == "containerd":
            self._start_runtime()
        else:
            argv = self._kubelet() if component == "kubelet" else self._proxy()
            self._spawn(component, argv)

    def up(self) -> None:
        for component in COMPONENTS:
            self.start(component)

    def _spawn(self, component: str, argv: list[str | Path]) -> bool:
        namespace = self.context.plan.namespace(self.node.path)
        return self.context.processes.start(self.name(component), argv, namespace=namespace)

    def _start_runtime(self) -> None:
        if not self.context.processes.running(self.name("containerd")):
            # As after a reboot: what ran is gone, what was pulled stays.
            self._clear()
            leftovers.make_cgroup(self.cgroup)
            self._write_runtime()
            self._spawn("containerd", ["containerd", "--config", self.folder / "containerd.toml"])
        ask: list[str | Path] = ["ctr", "--address", self.socket, "version"]
        until(lambda: self._ready("containerd", ask), f"{self.node.path}: containerd", 30)

    def _ready(self, component: str, ask: list[str | Path]) -> bool:
        self.context.processes.must_run(self.name(component))
        return succeeds(ask)

    def stop(self, component: str) -> None:
        """A runtime takes its pods along; nothing would care for them."""
        self.context.processes.stop(self.name(component))
        if component == "containerd":
            self._clear()

    def down(self) -> None:
        for component in ("kubelet", "kube-proxy", "containerd"):
            self.context.processes.stop(self.name(component))
        self._clear()

    def remove(self) -> None:
        self.down()
        leftovers.remove_cgroup(self.cgroup)

    def _clear(self) -> None:
        """End the pods, their shims and mounts, whoever left them."""
        self.context.processes.end_marked(self.name("containerd"))
        leftovers.empty_cgroup(self.cgroup)
        leftovers.unmount(self.folder)
        for transient in ("run", "cni"):
            shutil.rmtree(self.folder / transient, ignore_errors=True)
        leftovers.empty_cgroup(self.cgroup)

    def _write_runtime(self) -> None:
        registry = self.context.plan.registry
        hosts = f'server = "http://{registry}"\n[host."http://{registry}"]\ncapabilities = ["pull", "resolve"]\n'
        paths.write(self.folder / "registries" / registry / "hosts.toml", hosts)
        paths.write_json(self.folder / "net.d" / "10-lab.conflist", self._network())
        paths.write(self.folder / "containerd.toml", self._runtime())

    def _runtime(self) -> str:
        return f"""version = 2
root = "{self.folder}/containerd"
state = "{self.folder}/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "{self.socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "{self.folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{self.context.plan.registry}/{PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{CNI_PLUGINS}"
conf_dir = "{self.folder}/net.d"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{self.folder}/registries"
"""

    def _network(self) -> dict[str, Any]:
        # ptp, not bridge: each packet between two pods of a node is then routed, so service addresses are translated
        # back on the way home without any bridge filtering.
        pods = {
            "type": "ptp",
            "ipMasq": False,
            "ipam": {
                "type": "host-local",
                "dataDir": f"{self.folder}/cni",
                "ranges": [[{"subnet": str(self.node.pods)}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {"cniVersion": "0.4.0", "name": "lab", "plugins": [pods, ports]}

    def _kubeconfig(self, client: str) -> Path:
        text = kubeconfig.of(self.node.cluster, self.cluster.server, self.pki, client)
        return paths.write(self.folder / f"{client}.kubeconfig", text, 0o600)

    def _kubelet(self) -> list[str | Path]:
        config = paths.write_json(self.folder / "kubelet.json", self._kubelet_configuration())
        return [
            self.context.binaries.kubernetes("kubelet"),
            f"--config={config}",
            f"--kubeconfig={self._kubeconfig(f'kubelet-{self.node.name}')}",
            f"--root-dir={self.folder}/kubelet",
            f"--cert-dir={self.folder}/kubelet/pki",
            f"--hostname-override={self.node.name}",
            f"--node-ip={self.node.address}",
            f"--node-labels=dougong.dev/role={self.node.role}",
            f"--containerd={self.socket}",
        ]

    def _kubelet_configuration(self) -> dict[str, Any]:
        edge = {"key": "dougong.dev/role", "value": addresses.EDGE, "effect": "NoSchedule"}
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {"anonymous": {"enabled": False}, "x509": {"clientCAFile": f"{self.pki}/ca.crt"}},
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            "clusterDNS": [str(self.cluster.dns)],
            "clusterDomain": "cluster.local",
            "resolvConf": str(self.context.where.state / "resolv.conf"),
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.cgroup}",
            "failCgroupV1": False,
            "enforceNodeAllocatable": [],
            "failSwapOn": False,
            "podLogsDir": f"{self.folder}/pods",
            "volumePluginDir": f"{self.folder}/volume-plugins",
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            # The disk is the machine's, not the node's: no pod gives it back.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "serializeImagePulls": False,
            "registerWithTaints": [edge] if self.node.role == addresses.EDGE else [],
        }

    def _proxy(self) -> list[str | Path]:
        configuration = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "clientConnection": {"kubeconfig": str(self._kubeconfig("proxy"))},
            "mode": "iptables",
            "clusterCIDR": str(self.cluster.pods),
            "hostnameOverride": self.node.name,
            "conntrack": {"maxPerCore": 0},
        }
        config = paths.write(self.folder / "kube-proxy.json", json.dumps(configuration))
        return [self.context.binaries.kubernetes("kube-proxy"), f"--config={config}"]
