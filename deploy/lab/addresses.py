"""Which addresses, names and ports a lab has. Pure: a lab's name and slot decide everything.

The range 198.18.0.0/15 (reserved for benchmarks, so nobody's network) is cut into 16 slots of 32 /24 networks:

    0        nodes; .1 is the host on the lab's bridge
    8 - 15   pods, a /24 a node, a /22 a cluster
    16 - 31  services, a /21 a cluster: two thousand applications have one each
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

RANGE = IPv4Network("198.18.0.0/15")
SLOTS = 16
NETWORKS_A_SLOT = 32
FIRST_FORWARD_PORT = 28000
FORWARD_PORTS_A_SLOT = 10
# The forwards of the clusters are the first of them.
PROVIDER, DIRECTORY = 8, 9

# Cluster -> its nodes. The octet of a control plane is the cluster's ten; its nodes follow.
CLUSTERS: dict[str, tuple[str, ...]] = {"east": ("worker-1", "worker-2", "edge"), "west": ("worker-1", "edge")}
EDGE = "edge"


@dataclass(frozen=True)
class Node:
    """One node: a network namespace with its own container runtime and kubelet."""

    cluster: str
    name: str
    address: IPv4Address
    pods: IPv4Network

    @property
    def path(self) -> str:
        return f"{self.cluster}/{self.name}"

    @property
    def role(self) -> str:
        return EDGE if self.name == EDGE else "worker"


@dataclass(frozen=True)
class Cluster:
    """One cluster: a network namespace for its control plane, and its nodes."""

    name: str
    control: IPv4Address
    nodes: tuple[Node, ...]
    pods: IPv4Network
    services: IPv4Network
    forward_port: int

    @property
    def server(self) -> str:
        return f"https://{self.control}:6443"

    @property
    def kubernetes_service(self) -> IPv4Address:
        return self.services[1]

    @property
    def dns(self) -> IPv4Address:
        return self.services[10]

    @property
    def edge(self) -> Node:
        return next(node for node in self.nodes if node.role == EDGE)

    @property
    def gateway(self) -> str:
        return f"http://{self.edge.address}"


@dataclass(frozen=True)
class Plan:
    """All addresses of one lab."""

    name: str
    slot: int
    network: IPv4Network
    nodes_network: IPv4Network
    clusters: tuple[Cluster, ...]

    @property
    def host(self) -> IPv4Address:
        return self.nodes_network[1]

    @property
    def registry(self) -> str:
        return f"{self.host}:5000"

    @property
    def bridge(self) -> str:
        return f"dg{self.slot}"

    @property
    def directory_port(self) -> int:
        """Of the part slapd, on loopback."""
        return _forward_port(self.slot, DIRECTORY)

    @property
    def provider_port(self) -> int:
        """Of the part keycloak, on loopback."""
        return _forward_port(self.slot, PROVIDER)

    def cluster(self, name: str) -> Cluster:
        return next(cluster for cluster in self.clusters if cluster.name == name)

    def nodes(self) -> tuple[Node, ...]:
        return tuple(node for cluster in self.clusters for node in cluster.nodes)

    def namespace(self, path: str) -> str:
        """The network namespace of a control plane (`east/control`) or a node (`east/worker-1`)."""
        return f"dougong-{self.name}-{path.replace('/', '-')}"

    def members(self) -> tuple[tuple[str, IPv4Address], ...]:
        """Everyone on the bridge: (path, address)."""
        controls = tuple((f"{cluster.name}/control", cluster.control) for cluster in self.clusters)
        return controls + tuple((node.path, node.address) for node in self.nodes())


def plan(name: str, slot: int) -> Plan:
    if not 0 <= slot < SLOTS:
        raise ValueError(f"slot {slot} is not one of the {SLOTS}")
    first = slot * NETWORKS_A_SLOT
    networks = list(RANGE.subnets(new_prefix=24))[first : first + NETWORKS_A_SLOT]
    clusters = tuple(_cluster(index, slot, networks) for index in range(len(CLUSTERS)))
    return Plan(name, slot, networks[0].supernet(new_prefix=19), networks[0], clusters)


def _cluster(index: int, slot: int, networks: list[IPv4Network]) -> Cluster:
    name = list(CLUSTERS)[index]
    control = 10 * (index + 1)
    pods = networks[8 + 4 * index : 12 + 4 * index]
    nodes = tuple(
        Node(name, node, networks[0][control + 1 + number], pods[number]) for number, node in enumerate(CLUSTERS[name])
    )
    return Cluster(
        name=name,
        control=networks[0][control],
        nodes=nodes,
        pods=pods[0].supernet(new_prefix=22),
        services=networks[16 + 8 * index].supernet(new_prefix=21),
        forward_port=_forward_port(slot, index),
    )


def _forward_port(slot: int, number: int) -> int:
    return FIRST_FORWARD_PORT + slot * FORWARD_PORTS_A_SLOT + number
