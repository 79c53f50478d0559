"""A cluster's control plane and the two services beside it (DNS, resource metrics), in a namespace of their own.

etcd listens on that namespace's loopback only, so nobody but the API server reaches it.
"""

import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from . import addresses, certificates, kubeconfig, network, paths
from .commands import until
from .node import Context

# In the order of their start. A lab's etcd does not wait for the disk: a killed process loses nothing by that, only a
# machine that loses its power would.
CORE = ("etcd", "apiserver", "controller-manager", "scheduler")
# These end when they may not read what they need, so a new cluster's roles come first.
BESIDE = ("coredns", "metrics-server")
COMPONENTS = CORE + BESIDE
METRICS_PORT = 4443


@dataclass(frozen=True)
class ControlPlane:
    """Starts and stops one control plane."""

    context: Context
    cluster: addresses.Cluster

    @property
    def folder(self) -> Path:
        return self.context.where.state / self.cluster.name

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit" / "audit.log"

    def name(self, component: str) -> str:
        return f"{self.cluster.name}/{component}"

    def prepare(self) -> None:
        certificates.make(self.cluster, self.pki)
        for client in certificates.clients(self.cluster):
            if not client.file.startswith(("kubelet-", "apiserver-")):
                self._kubeconfig(client.file)

    def _kubeconfig(self, client: str) -> Path:
        text = kubeconfig.of(self.cluster.name, self.cluster.server, self.pki, client)
        return paths.write(self.folder / f"{client}.kubeconfig", text, 0o600)

    @property
    def admin(self) -> Path:
        return self.folder / "admin.kubeconfig"

    def up(self) -> None:
        for component in CORE:
            self.start(component)

    def beside(self) -> None:
        for component in BESIDE:
            self.start(component)

    def start(self, component: str) -> None:
        build = {
            "etcd": self._etcd,
            "apiserver": self._apiserver,
            "controller-manager": self._controller_manager,
            "scheduler": self._scheduler,
            "coredns": self._coredns,
            "metrics-server": self._metrics_server,
        }[component]
        namespace = self.context.plan.namespace(f"{self.cluster.name}/control")
        self.context.processes.start(self.name(component), build(), namespace=namespace)
        # While the cluster is cut from the host, nothing can be asked from here.
        if component == "apiserver" and not network.is_cut(self.context.plan, self.cluster):
            until(self._serving, f"{self.cluster.name}: API server", 90)

    def _serving(self) -> bool:
        for component in ("etcd", "apiserver"):
            self.context.processes.must_run(self.name(component))
        return self.ready()

    def ready(self, timeout: float = 2) -> bool:
        trusted = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        past_proxies = urllib.request.ProxyHandler({})
        opener = urllib.request.build_opener(past_proxies, urllib.request.HTTPSHandler(context=trusted))
        try:
            with opener.open(f"{self.cluster.server}/readyz", timeout=timeout) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def stop(self, component: str) -> None:
        # An API server waits for its open watches for ever: the grace of `Processes.stop` ends that.
        self.context.processes.stop(self.name(component))

    def down(self) -> None:
        for component in reversed(COMPONENTS):
            self.stop(component)

    def _etcd(self) -> list[str | Path]:
        return [
            self.context.binaries.kubernetes("etcd"),
            f"--data-dir={self.folder}/etcd",
            "--unsafe-no-fsync",
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--auto-compaction-retention=10m",
            "--quota-backend-bytes=4294967296",
            "--log-level=warn",
        ]

    def _apiserver(self) -> list[str | Path]:
        pki = self.pki
        self.audit_log.parent.mkdir(parents=True, exist_ok=True)
        return [
            self.context.binaries.kubernetes("kube-apiserver"),
            "--etcd-servers=http://127.0.0.1:2379",
            f"--advertise-address={self.cluster.control}",
            f"--service-cluster-ip-range={self.cluster.services}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--client-ca-file={pki}/ca.crt",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki}/service-accounts.pub",
            f"--service-account-signing-key-file={pki}/service-accounts.key",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key",
            # No kube-proxy runs beside the API server: it reaches services by their endpoints.
            "--enable-aggregator-routing",
            f"--audit-policy-file={paths.HERE}/audit.yaml",
            f"--audit-log-path={self.audit_log}",
            "--audit-log-maxsize=200",
            "--audit-log-maxbackup=2",
        ]

    def _asking_as(self, client: str) -> list[str]:
        """For what it does, and for who may ask it: all of it the API server answers."""
        config = f"{self.folder}/{client}.kubeconfig"
        return [f"--{purpose}kubeconfig={config}" for purpose in ("", "authentication-", "authorization-")]

    def _controller_manager(self) -> list[str | Path]:
        return [
            self.context.binaries.kubernetes("kube-controller-manager"),
            *self._asking_as("controller-manager"),
            f"--root-ca-file={self.pki}/ca.crt",
            f"--cluster-signing-cert-file={self.pki}/ca.crt",
            f"--cluster-signing-key-file={self.pki}/ca.key",
            f"--service-account-private-key-file={self.pki}/service-accounts.key",
            f"--service-cluster-ip-range={self.cluster.services}",
            "--use-service-account-credentials",
            "--enable-hostpath-provisioner",
            # At its 20 requests a second it would be what every test waits for and every benchmark measures.
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            f"--flex-volume-plugin-dir={self.folder}/volume-plugins",
            "--leader-elect=false",
        ]

    def _scheduler(self) -> list[str | Path]:
        return [
            self.context.binaries.kubernetes("kube-scheduler"),
            *self._asking_as("scheduler"),
            "--leader-elect=false",
        ]

    def _coredns(self) -> list[str | Path]:
        corefile = f""".:53 {{
    errors
    ready
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {self.folder}/coredns.kubeconfig
        pods insecure
        ttl 5
    }}
    forward . {self.context.where.state}/resolv.conf
    cache 5
}}
"""
        return [self.context.binaries.go("coredns"), "-conf", paths.write(self.folder / "Corefile", corefile)]

    def _metrics_server(self) -> list[str | Path]:
        return [
            self.context.binaries.go("metrics-server"),
            *self._asking_as("metrics-server"),
            f"--cert-dir={self.folder}/metrics-server",
            f"--secure-port={METRICS_PORT}",
            "--kubelet-insecure-tls",
            "--kubelet-preferred-address-types=InternalIP",
            "--metric-resolution=15s",
        ]
