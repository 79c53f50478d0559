"""What is deployed in a cluster: DNS and metrics as services, Gateway API, storage class, and Traefik on the edge.

What depends on an address is computed here; the rest lies in manifests/.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.request import ProxyHandler, build_opener

from . import builds, paths
from .addresses import EDGE
from .commands import run, until
from .control_plane import METRICS_PORT, ControlPlane

MANAGER = "dougong-lab"


@dataclass(frozen=True)
class Port:
    """A port of a service, and where it is answered."""

    name: str
    port: int
    target: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class Addons:
    """Brings one cluster's add-ons to what they should be."""

    control: ControlPlane

    def kubectl(self, *words: str | Path, stdin: str | None = None, check: bool = True) -> str:
        program = self.control.context.binaries.kubernetes("kubectl")
        return run([program, "--kubeconfig", self.control.admin, *words], stdin=stdin, check=check)

    def up(self) -> None:
        crds = builds.gateway_api_crds()
        apply = ["apply", "--server-side", "--force-conflicts", f"--field-manager={MANAGER}"]
        self.kubectl(*apply, "-f", crds, "-f", paths.HERE / "manifests" / "10-system.yaml")
        computed = {"apiVersion": "v1", "kind": "List", "items": self._computed()}
        self.kubectl(*apply, "-f", "-", stdin=json.dumps(computed))
        names = [f"crd/{kind}.gateway.networking.k8s.io" for kind in ("gatewayclasses", "gateways", "httproutes")]
        self.kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)
        self.kubectl(*apply, "-f", paths.HERE / "manifests" / "20-gateway.yaml")

    def wait(self) -> None:
        """Until every node, DNS, the gateway and the metrics answer."""
        cluster = self.control.cluster
        until(self._nodes_ready, f"{cluster.name}: nodes", 120, every=0.3)
        until(lambda: _answers(f"http://{cluster.control}:8181/ready"), f"{cluster.name}: DNS", 60, every=0.3)
        until(self._traefik_ready, f"{cluster.name}: gateway", 120, every=0.3)
        until(self._metrics_answer, f"{cluster.name}: metrics", 90, every=0.3)

    def _nodes_ready(self) -> bool:
        """Ready by the word of the kubelets that run now: that of killed ones stands for most of a minute."""
        processes = self.control.context.processes
        for expected in self.control.cluster.nodes:
            for component in ("containerd", "kubelet", "kube-proxy"):
                processes.must_run(f"{expected.path}/{component}")
        nodes = json.loads(self.kubectl("get", "nodes", "-o", "json", check=False) or '{"items": []}')["items"]
        fresh = set()
        for node in nodes:
            name = node["metadata"]["name"]
            ready = next((c for c in node["status"].get("conditions", []) if c["type"] == "Ready"), None)
            if ready and ready["status"] == "True":
                heard = datetime.fromisoformat(ready["lastHeartbeatTime"]).timestamp()
                started = processes.started(f"{self.control.cluster.name}/{name}/kubelet")
                fresh |= {name} if heard >= int(started) else set()
        return fresh >= {node.name for node in self.control.cluster.nodes}

    def _metrics_answer(self) -> bool:
        return "PodMetrics" in self.kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1", check=False)

    def _traefik_ready(self) -> bool:
        """Its number of ready pods alone would tell of pods of before a crash, so a connection is asked for too."""
        shape = "{.status.desiredNumberScheduled} {.status.numberReady}"
        counts = self.kubectl("-n", "gateway-system", "get", "daemonset/traefik", "-o", f"jsonpath={shape}").split()
        ping = f"http://{self.control.cluster.edge.address}:8080/ping"
        return counts == ["1", "1"] and _answers(ping)

    def _computed(self) -> list[dict[str, Any]]:
        control = str(self.control.cluster.control)
        dns = [Port("dns", 53, 53, "UDP"), Port("dns-tcp", 53, 53)]
        metrics = [Port("https", 443, METRICS_PORT)]
        return [
            *_outside("kube-dns", control, dns, str(self.control.cluster.dns)),
            *_outside("metrics-server", control, metrics, None),
            self._traefik(),
        ]

    def _traefik(self) -> dict[str, Any]:
        labels = {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/part-of": "dougong-lab"}
        container = {
            "name": "traefik",
            "image": f"{self.control.context.plan.registry}/traefik:3.7.15",
            "args": [
                "--entrypoints.web.address=:80",
                "--entrypoints.traefik.address=:8080",
                "--providers.kubernetesgateway=true",
                f"--providers.kubernetesgateway.statusaddress.ip={self.control.cluster.edge.address}",
                "--ping=true",
                "--global.checknewversion=false",
                "--global.sendanonymoususage=false",
                "--accesslog=true",
            ],
            "readinessProbe": {"httpGet": {"path": "/ping", "port": 8080}, "periodSeconds": 2},
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        }
        pod = {
            "serviceAccountName": "traefik",
            # The node's own address is the gateway's, so the pod lives in the node's network.
            "hostNetwork": True,
            "nodeSelector": {"dougong.dev/role": EDGE},
            "tolerations": [{"key": "dougong.dev/role", "operator": "Equal", "value": EDGE, "effect": "NoSchedule"}],
            "priorityClassName": "system-cluster-critical",
            "terminationGracePeriodSeconds": 5,
            "containers": [container],
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "traefik", "namespace": "gateway-system", "labels": labels},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
        }


def _answers(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _outside(name: str, address: str, ports: list[Port], service: str | None) -> list[dict[str, Any]]:
    """A service that is answered by a process outside the cluster: no selector, its endpoint written by hand."""
    metadata = {"name": name, "namespace": "kube-system"}
    spec: dict[str, Any] = {
        "ports": [{"name": p.name, "port": p.port, "targetPort": p.target, "protocol": p.protocol} for p in ports]
    }
    if service:
        spec["clusterIP"] = service
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": p.name, "port": p.target, "protocol": p.protocol} for p in ports],
    }
    return [{"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}, endpoints]


def become_kubectl(program: Path, config: Path, words: list[str]) -> NoReturn:
    """kubectl for a person: terminal, stdin, signals and exit code are its own."""
    os.execve(program, [str(program), *words], {**os.environ, "KUBECONFIG": str(config)})
