"""Replicas that are divided: the parts come to the whole, whoever counts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contribution import RenderError
from apps.division import apportion, bounds, replicas
from clusters.target import ClusterTarget, Sharer

NAMES = st.text("abcdefgh", min_size=1, max_size=3)
WEIGHTS = st.dictionaries(NAMES, st.integers(1, 1000), min_size=1, max_size=12)


@st.composite
def divisions(draw):
    """(total, weights, least) where the total reaches for all."""
    weights = draw(WEIGHTS)
    least = {name: draw(st.integers(0, 3)) for name in weights}
    return sum(least.values()) + draw(st.integers(0, 1000)), weights, least


@st.composite
def shares(draw):
    return tuple(Sharer(name, weight, draw(st.booleans())) for name, weight in draw(WEIGHTS).items())


def on(name, share):
    return ClusterTarget(name, "v1.34.4", share=share)


@given(divisions())
def test_the_parts_come_to_the_whole_and_none_is_below_its_least(division):
    total, weights, least = division
    parts = apportion(total, weights, least)
    assert sum(parts.values()) == total
    assert parts.keys() == weights.keys()
    assert all(parts[name] >= least[name] for name in weights)


@given(divisions())
def test_the_order_of_the_clusters_does_not_matter(division):
    total, weights, least = division
    backwards = dict(reversed(weights.items()))
    assert apportion(total, weights, least) == apportion(total, backwards, least)


@given(divisions())
def test_a_greater_weight_gets_no_less(division):
    total, weights, _ = division
    parts = apportion(total, weights, {})
    for one, weight in weights.items():
        assert all(parts[one] <= parts[other] for other in weights if weights[other] > weight)


@given(st.integers(0, 1000), WEIGHTS)
def test_without_a_least_no_part_is_off_by_one_or_more(total, weights):
    whole = sum(weights.values())
    for name, part in apportion(total, weights, {}).items():
        assert abs(part - total * weights[name] / whole) < 1


@given(st.integers(0, 1000), WEIGHTS, st.integers(1, 1000))
def test_of_equal_weights_one_more_takes_from_nobody(total, weights, weight):
    """Monotone where the method allows it: with unequal weights a largest remainder may go down."""
    equal = dict.fromkeys(weights, weight)
    fewer, more = apportion(total, equal, {}), apportion(total + 1, equal, {})
    assert all(more[name] >= fewer[name] for name in equal)
    assert max(fewer.values()) - min(fewer.values()) <= 1


@given(st.integers(1, 200), shares(), st.booleans())
def test_every_cluster_counts_the_same(total, share, routed):
    needy = sum(each.routes for each in share) if routed else 0
    if total < needy:
        with pytest.raises(RenderError) as refused:
            replicas(total, on(share[0].name, share), routed=routed, path="process(web).replicas")
        assert refused.value.code == "too_few_to_divide"
        assert f"{total} cannot be divided among {needy} clusters" in refused.value.message
        return
    parts = {each: replicas(total, on(each.name, share), routed=routed, path="p") for each in share}
    assert sum(parts.values()) == total
    if routed:
        assert all(part for each, part in parts.items() if each.routes)


@given(st.integers(1, 200), st.integers(0, 200), shares())
def test_bounds_are_divided_alike_and_stay_a_range(least, more, share):
    if least < len(share):
        with pytest.raises(RenderError):
            bounds(least, least + more, on(share[0].name, share), "autoscale(web)")
        return
    parts = [bounds(least, least + more, on(each.name, share), "autoscale(web)") for each in share]
    assert sum(fewest for fewest, _ in parts) == least
    assert sum(most for _, most in parts) == least + more
    assert all(1 <= fewest <= most for fewest, most in parts)


def test_by_hand():
    assert apportion(10, {"east": 2, "west": 1}, {}) == {"east": 7, "west": 3}
    assert apportion(3, {"east": 1, "west": 1}, {}) == {"east": 2, "west": 1}
    assert apportion(5, {"east": 100, "west": 1}, {"east": 1, "west": 1}) == {"east": 4, "west": 1}
    assert apportion(4, {"east": 98, "north": 1, "west": 1}, {"north": 1, "west": 1}) == {
        "east": 2, "north": 1, "west": 1,
    }  # fmt: skip


def test_none_is_divided_into_none():
    share = (Sharer("east", routes=True), Sharer("west", routes=True))
    assert replicas(0, on("east", share), routed=True, path="p") == 0


def test_what_is_not_divided_is_whole():
    assert replicas(5, replace(on("east", None)), routed=True, path="p") == 5
    assert bounds(2, 9, on("east", None), "p") == (2, 9)
