"""Where a lab's addresses lie."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from deploy.lab import addresses


def networks(plan: addresses.Plan) -> list[IPv4Network]:
    pods = [node.pods for node in plan.nodes()]
    return [plan.nodes_network, *pods, *(cluster.services for cluster in plan.clusters)]


@pytest.mark.parametrize("slot", range(addresses.SLOTS))
def test_a_lab_stays_inside_its_slot_and_its_networks_are_disjoint(slot: int) -> None:
    plan = addresses.plan("any", slot)
    assert plan.network.subnet_of(addresses.RANGE)
    assert all(network.subnet_of(plan.network) for network in networks(plan))
    assert not any(one.overlaps(other) for one, other in combinations(networks(plan), 2))


def test_labs_share_no_address_and_no_port() -> None:
    plans = [addresses.plan("any", slot) for slot in range(addresses.SLOTS)]
    assert not any(one.network.overlaps(other.network) for one, other in combinations(plans, 2))
    ports = [cluster.forward_port for plan in plans for cluster in plan.clusters]
    ports += [port for plan in plans for port in (plan.directory_port, plan.provider_port)]
    assert len(set(ports)) == len(ports)
    assert len({plan.bridge for plan in plans}) == len(plans)


def test_members_have_addresses_of_their_own_on_the_bridge() -> None:
    plan = addresses.plan("any", 3)
    members = plan.members()
    assert len({address for _, address in members} | {plan.host}) == len(members) + 1
    assert all(address in plan.nodes_network for _, address in members)


def test_pods_of_a_cluster_are_told_by_one_network() -> None:
    for cluster in addresses.plan("any", 5).clusters:
        assert all(node.pods.subnet_of(cluster.pods) for node in cluster.nodes)
        assert cluster.dns in cluster.services


def test_link_names_fit_the_kernel() -> None:
    plan = addresses.plan("a-name-of-16-cha", 15)
    assert all(len(f"{plan.bridge}-{str(address).rpartition('.')[2]}") <= 15 for _, address in plan.members())


def test_there_is_no_seventeenth_slot() -> None:
    with pytest.raises(ValueError, match="slot 16"):
        addresses.plan("any", addresses.SLOTS)
