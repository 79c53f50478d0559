import json
from dataclasses import FrozenInstanceError, replace

import pytest

from clusters.target import ClusterTarget, GatewayRef, Sharer

TARGET = ClusterTarget(
    name="north",
    version="v1.34.4",
    served=frozenset({"v1/Secret", "apps/v1/Deployment", "gateway.networking.k8s.io/v1/HTTPRoute"}),
    gateway=GatewayRef("gateways", "public"),
    storage=(("fast", "ssd"), ("bulk", "hdd")),
    pod_security="v1.34",
    share=(Sharer("south", 2), Sharer("north", 3, routes=True)),
    priority_classes=("low", "high"),
    node_pools=("large",),
    service_account_annotations=(("example.org/role", "b*"), ("example.org/role", "a*")),
    secret_stores=(("vault", "teams/{team}/*"),),
)


def test_a_target_round_trips_through_json():
    assert ClusterTarget.from_json(json.loads(json.dumps(TARGET.to_json()))) == TARGET
    bare = ClusterTarget("south", "v1.35.0")
    assert ClusterTarget.from_json(bare.to_json()) == bare


def test_the_order_of_storage_tiers_does_not_matter():
    same = replace(TARGET, storage=(("bulk", "hdd"), ("fast", "ssd")))
    assert (same, hash(same), same.digest) == (TARGET, hash(TARGET), TARGET.digest)


@pytest.mark.parametrize(
    "fact",
    [
        {"name": "south"},
        {"version": "v1.35.0"},
        {"served": frozenset()},
        {"gateway": None},
        {"gateway": GatewayRef("gateways", "private")},
        {"storage": ()},
        {"pod_security": "v1.35"},
        {"share": None},
        {"share": (Sharer("north", 3, routes=True),)},
        {"share": (Sharer("north", 3, routes=True), Sharer("south"))},
    ],
)
def test_every_fact_is_in_the_digest(fact):
    assert replace(TARGET, **fact).digest != TARGET.digest


def test_the_order_of_what_is_offered_does_not_matter():
    globs = TARGET.service_account_annotations[::-1]
    same = replace(TARGET, priority_classes=("high", "low"), service_account_annotations=globs)
    assert (same, hash(same)) == (TARGET, hash(TARGET))


@pytest.mark.parametrize(
    "offer",
    [{"priority_classes": ("high",)}, {"node_pools": ()}, {"service_account_annotations": ()}, {"secret_stores": ()}],
)
def test_what_is_offered_makes_nothing_stale(offer):
    """It never changes an object, so no Work is to be rendered anew for it."""
    changed = replace(TARGET, **offer)
    assert changed != TARGET
    assert changed.digest == TARGET.digest


@pytest.mark.parametrize(
    ("api_version", "kind", "served"),
    [
        ("v1", "Secret", True),
        ("apps/v1", "Deployment", True),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", True),
        ("apps/v1beta1", "Deployment", False),
        ("v1", "Deployment", False),
        ("", "Secret", False),
    ],
)
def test_served_kinds(api_version, kind, served):
    assert TARGET.serves(api_version, kind) is served


def test_storage_class_of_a_tier():
    assert TARGET.storage_class("fast") == "ssd"
    assert TARGET.storage_class("golden") is None


def test_a_target_cannot_change():
    with pytest.raises(FrozenInstanceError):
        TARGET.name = "south"


def test_a_share_is_not_among_others_and_never_without_weight():
    with pytest.raises(ValueError):
        replace(TARGET, share=(Sharer("south"),))
    with pytest.raises(ValueError):
        Sharer("south", 0)


def test_requests_are_led_where_there_is_a_gateway_and_its_kind():
    assert TARGET.routes
    assert not replace(TARGET, gateway=None).routes
    assert not replace(TARGET, served=frozenset()).routes
