import pytest

from apps.contribution import RenderError
from apps.problems import ProblemsError

THREE = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "replicas": 3}}


@pytest.mark.parametrize(
    ("params", "field", "value"),
    [
        ({"min_available": 2}, "minAvailable", 2),
        ({"min_available": "50%"}, "minAvailable", "50%"),
        ({"max_unavailable": 2}, "maxUnavailable", 2),
        ({"max_unavailable": "25%"}, "maxUnavailable", "25%"),
    ],
)
def test_takes_the_place_of_the_usual_one(rendered, params, field, value):
    budget = rendered(THREE, {"disruption_budget": {"process": "web", **params}})["PodDisruptionBudget"]
    assert budget["spec"] == {
        field: value,
        "selector": {"matchLabels": {"app.kubernetes.io/name": "hello", "app.kubernetes.io/component": "web"}},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


@pytest.mark.parametrize("params", [{}, {"min_available": 1, "max_unavailable": 1}])
def test_neither_or_both_is_refused(contribute, params):
    with pytest.raises(RenderError) as refused:
        contribute("disruption_budget", {"process": "web", **params})
    assert (refused.value.code, refused.value.path) == ("one_of_two", "min_available")


@pytest.mark.parametrize("value", [0, "0%", "100%", "half", -1, 1.5, True])
def test_what_would_block_every_drain_or_none_is_refused(contribute, value):
    with pytest.raises(ProblemsError):
        contribute("disruption_budget", {"process": "web", "max_unavailable": value})


def test_as_many_as_there_are_would_hold_up_every_drain(rendered):
    with pytest.raises(RenderError) as refused:
        rendered(THREE, {"disruption_budget": {"process": "web", "min_available": 3}})
    assert (refused.value.code, refused.value.path) == ("undrainable", "disruption_budget(web)")
