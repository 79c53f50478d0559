"""The lab's network: a bridge, a network namespace for each member, routes, masquerading, and cuts.

Everything is looked at before it is made, so a half-made network of a killed `up` is completed. Pods and services
answer from the host too: the host has a route to each node's pods and, through a worker, to each cluster's services.
"""

from ipaddress import IPv4Address
from pathlib import Path

from .addresses import RANGE, Cluster, Plan
from .commands import run, succeeds

# What leaves the machine through a link with a smaller MTU than the default is not left to path discovery.
MTU = "1400"


def up(plan: Plan) -> None:
    _bridge(plan)
    for path, address in plan.members():
        _member(plan, plan.namespace(path), address)
    for node in plan.nodes():
        _route(plan, str(node.pods), node.address)
    for cluster in plan.clusters:
        run(["ip", "route", "replace", str(cluster.services), "via", str(cluster.nodes[0].address), "dev", plan.bridge])
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    for table, chain, hook in _chains(plan):
        _chain(table, chain, hook)
    outward = ["-s", str(plan.network), "!", "-d", str(RANGE), "-j", "MASQUERADE"]
    _rule("nat", _chain_name(plan, "NAT"), outward)
    _rule("filter", _chain_name(plan, "FWD"), ["-s", str(plan.network), "-j", "ACCEPT"])
    _rule("filter", _chain_name(plan, "FWD"), ["-d", str(plan.network), "-j", "ACCEPT"])


def down(plan: Plan) -> None:
    for table, chain, hook in _chains(plan):
        while succeeds(["iptables", "-w", "-t", table, "-D", hook, "-j", chain]):
            pass
        if succeeds(["iptables", "-w", "-t", table, "-F", chain]):
            run(["iptables", "-w", "-t", table, "-X", chain])
    for path, address in plan.members():
        _remove_member(plan.namespace(path), _link(plan, address))
    if plan.bridge in links():
        run(["ip", "link", "delete", plan.bridge])


def links() -> set[str]:
    return {entry.name for entry in Path("/sys/class/net").iterdir()}


def _link(plan: Plan, address: IPv4Address) -> str:
    return f"{plan.bridge}-{str(address).rpartition('.')[2]}"


def _bridge(plan: Plan) -> None:
    if plan.bridge not in links():
        run(["ip", "link", "add", plan.bridge, "type", "bridge"])
    run(["ip", "link", "set", plan.bridge, "mtu", MTU, "up"])
    run(["ip", "address", "replace", f"{plan.host}/24", "dev", plan.bridge])


def _member(plan: Plan, namespace: str, address: IPv4Address) -> None:
    """One namespace on the bridge. A whole one is left alone; half of one is made anew."""
    inside = ["ip", "-n", namespace]
    link = _link(plan, address)
    if not (link in links() and succeeds([*inside, "route", "get", str(plan.host)])):
        _remove_member(namespace, link)
        run(["ip", "netns", "add", namespace])
        peer = ["peer", "name", "eth0", "mtu", MTU, "netns", namespace]
        run(["ip", "link", "add", link, "mtu", MTU, "type", "veth", *peer])
        run([*inside, "link", "set", "lo", "up"])
        run([*inside, "address", "add", f"{address}/24", "dev", "eth0"])
        run([*inside, "link", "set", "eth0", "up"])
    run(["ip", "link", "set", link, "master", plan.bridge, "up"])
    run([*inside, "route", "replace", "default", "via", str(plan.host)])
    forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
    run(["nsenter", f"--net=/run/netns/{namespace}", "--", "sh", "-c", forward])


def _remove_member(namespace: str, link: str) -> None:
    # The link first: a namespace takes its links along too, but some time after it was deleted.
    if link in links():
        run(["ip", "link", "delete", link])
    if Path("/run/netns", namespace).exists():
        run(["ip", "netns", "delete", namespace])


def _route(plan: Plan, destination: str, via: IPv4Address) -> None:
    """A route on the host and in every namespace but the one that it leads to."""
    run(["ip", "route", "replace", destination, "via", str(via), "dev", plan.bridge])
    for path, address in plan.members():
        if address != via:
            run(["ip", "-n", plan.namespace(path), "route", "replace", destination, "via", str(via)])


def _chain_name(plan: Plan, purpose: str) -> str:
    return f"DOUGONG-{plan.slot}-{purpose}"


def _chains(plan: Plan) -> tuple[tuple[str, str, str], ...]:
    return (
        ("nat", _chain_name(plan, "NAT"), "POSTROUTING"),
        ("filter", _chain_name(plan, "FWD"), "FORWARD"),
        ("filter", _chain_name(plan, "IN"), "INPUT"),
        ("filter", _chain_name(plan, "OUT"), "OUTPUT"),
    )


def _chain(table: str, chain: str, hook: str) -> None:
    if not succeeds(["iptables", "-w", "-t", table, "-L", chain, "-n"]):
        run(["iptables", "-w", "-t", table, "-N", chain])
    if not succeeds(["iptables", "-w", "-t", table, "-C", hook, "-j", chain]):
        run(["iptables", "-w", "-t", table, "-I", hook, "-j", chain])


def _rule(table: str, chain: str, rule: list[str]) -> None:
    if not succeeds(["iptables", "-w", "-t", table, "-C", chain, *rule]):
        run(["iptables", "-w", "-t", table, "-A", chain, *rule])


def _cuts(plan: Plan, cluster: Cluster) -> tuple[tuple[str, list[str]], ...]:
    address = str(cluster.control)
    return (
        (_chain_name(plan, "OUT"), ["-d", address, "-j", "DROP"]),
        (_chain_name(plan, "IN"), ["-s", address, "-j", "DROP"]),
    )


def cut(plan: Plan, cluster: Cluster) -> None:
    """The host and the cluster's control plane no longer hear each other: a black hole, no reset."""
    for chain, rule in _cuts(plan, cluster):
        _rule("filter", chain, rule)


def heal(plan: Plan, cluster: Cluster) -> None:
    for chain, rule in _cuts(plan, cluster):
        while succeeds(["iptables", "-w", "-D", chain, *rule]):
            pass


def is_cut(plan: Plan, cluster: Cluster) -> bool:
    return any(succeeds(["iptables", "-w", "-C", chain, *rule]) for chain, rule in _cuts(plan, cluster))
