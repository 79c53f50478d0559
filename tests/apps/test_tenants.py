import pytest

from apps.tenants import (
    DEFAULT,
    FIGURES,
    PLATFORM,
    Decided,
    Layer,
    Policy,
    checked,
    checked_group,
    decide,
    decide_groups,
    policy,
)


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
        ("placement", "closed", "closed"),
        (
            "registries",
            "ghcr.io/crew/, registry.example,localhost:5000",
            "ghcr.io/crew,localhost:5000,registry.example",
        ),
        ("registries", "unlimited", "unlimited"),
        ("pools", " large, batch,large", "large,batch"),
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
        ("placement", "east"),
        ("registries", "crew"),
        ("pools", "Large"),
        ("pools", "large,"),
        ("pools", ",".join(f"p{number}" for number in range(21))),
        ("registries", "registry.example,,"),
        ("registries", "https://registry.example"),
        ("registries", "Registry.example"),
        ("registries", "registry.example/a b"),
        ("registries", ",".join(f"r{number}.example" for number in range(51))),
        ("gpu", "1"),
    ],
)
def test_what_is_no_figure_is_refused_in_words(name, given):
    with pytest.raises(ValueError, match=name):
        checked(name, given)


def test_an_image_is_of_a_registry_by_whole_parts_of_its_name():
    found = policy([Layer("crew", {"registries": "ghcr.io/crew,registry.example"})])
    assert found.allows("registry.example/hello@sha256:1")
    assert found.allows("ghcr.io/crew/deep/hello:1")
    for image in (
        "ghcr.io/crewed/hello",
        "registry.example.org/hello",
        "registry.example:5000/hello",
        "nginx",
        "ghcr.io",
    ):
        assert not found.allows(image)
    assert PLATFORM.allows("nginx")


def test_a_group_has_the_role_of_the_narrowest_layer_that_names_it():
    layers = [
        Layer("all teams", {}, {"auditors": "view", "helpers": "edit"}),
        Layer("crew", {}, {"helpers": "none", "crew-dev": "edit"}),
    ]
    assert decide_groups(layers) == {"auditors": Decided("view", "all teams"), "crew-dev": Decided("edit", "crew")}
    assert policy(layers).groups == (("auditors", "view"), ("crew-dev", "edit"))


@pytest.mark.parametrize("name", ["oidc:crew-dev", "CN=crew,OU=groups", "群组", "system"])
def test_a_group_is_named_as_the_cluster_names_it(name):
    assert checked_group(name, "view") == "view"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("system:masters", "view"),
        ("system:serviceaccounts:dougong-system", "edit"),
        ("", "view"),
        (" crew", "view"),
        ("crew\n", "view"),
        ("c" * 254, "view"),
        ("crew", "cluster-admin"),
        ("crew", ""),
    ],
)
def test_no_group_of_kubernetes_and_no_other_role(name, role):
    with pytest.raises(ValueError, match=r"group|role"):
        checked_group(name, role)
