import pytest

from apps.tenants import DEFAULT, FIGURES, PLATFORM, Decided, Layer, Policy, checked, decide, policy


def test_without_a_layer_the_defaults_hold():
    assert {name: each.value for name, each in decide([]).items()} == DEFAULT
    assert {each.layer for each in decide([]).values()} == {""}
    assert Policy("32", "128Gi", 250, "1Ti", 100) == PLATFORM


def test_the_narrowest_layer_that_names_a_figure_says_it():
    layers = [
        Layer("all teams", {"cpu": "4", "pods": 10}),
        Layer("crew", {"cpu": "8", "egress": "open"}),
        Layer("crew on east", {"pods": "unlimited"}),
    ]
    found = decide(layers)
    assert (found["cpu"], found["pods"]) == (Decided("8", "crew"), Decided("unlimited", "crew on east"))
    assert list(found) == list(FIGURES)
    assert policy(layers) == Policy("8", "128Gi", None, "1Ti", 100, open_egress=True)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("cpu", "8", "8"),
        ("cpu", " 2500m ", "2500m"),
        ("memory", "32Gi", "32Gi"),
        ("storage", "unlimited", "unlimited"),
        ("pods", "50", 50),
        ("volumes", 0, 0),
        ("egress", "open", "open"),
    ],
)
def test_a_figure_is_kept(name, given, kept):
    assert checked(name, given) == kept


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("cpu", "-1"),
        ("cpu", "0"),
        ("cpu", "1e9"),
        ("cpu", "8Gi"),
        ("memory", "32"),
        ("memory", "32gb"),
        ("memory", "32Gi\n1"),
        ("pods", "many"),
        ("pods", "1.5"),
        ("pods", "٣"),
        ("pods", 100_001),
        ("egress", "unlimited"),
        ("gpu", "1"),
    ],
)
def test_what_is_no_figure_is_refused_in_words(name, given):
    with pytest.raises(ValueError, match=name):
        checked(name, given)
