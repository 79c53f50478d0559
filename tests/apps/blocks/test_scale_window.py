import json

import pytest

from apps.contribution import RenderError
from clusters.target import ClusterTarget, Sharer

SCALED = {"autoscale": {"process": "web", "min": 2, "max": 10}}
OFFICE = {"scale_window": {"process": "web", "name": "office", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "min": 5,
                           "max": 20, "time_zone": "Europe/Berlin"}}  # fmt: skip
NIGHT = {
    "scale_window": {"process": "web", "name": "night", "start": "0 22 * * *", "end": "0 6 * * *", "min": 1, "max": 2}
}


def timetable(scaler):
    return json.loads(scaler["metadata"]["annotations"]["dougong.dev/timetable"])


def test_is_carried_by_the_scaler_whose_own_bounds_stay(rendered, web):
    scaler = rendered(web, SCALED, OFFICE)["HorizontalPodAutoscaler"]
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 10)
    window = {"name": "office", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "time_zone": "Europe/Berlin"}
    assert timetable(scaler) == {"bounds": [2, 10], "windows": [{**window, "bounds": [5, 20]}]}


def test_is_divided_as_the_scaler_is(rendered, web):
    share = (Sharer("east", 2), Sharer("west", 1))
    east = ClusterTarget("east", "v1.34.4", share=share)
    found = timetable(rendered(web, SCALED, OFFICE, on=east)["HorizontalPodAutoscaler"])
    assert (found["bounds"], found["windows"][0]["bounds"]) == ([1, 7], [3, 13])


def test_the_fewest_of_all_windows_decide_about_the_disruption_budget(rendered, web):
    assert "PodDisruptionBudget" in rendered(web, SCALED, OFFICE)
    assert "PodDisruptionBudget" not in rendered(web, SCALED, OFFICE, NIGHT)


def test_a_window_that_cannot_be_divided_is_refused(rendered, web):
    target = ClusterTarget("east", "v1.34.4", share=(Sharer("east"), Sharer("west")))
    with pytest.raises(RenderError) as refused:
        rendered(web, SCALED, NIGHT, on=target)
    assert (refused.value.code, refused.value.path) == ("too_few_to_divide", "scale_window(web, night).min")


@pytest.mark.parametrize(("change", "code"), [({"max": 4}, "range_reversed"), ({"end": "0 8 * * 1-5"}, "window_empty")])
def test_a_window_that_is_none_is_refused(contribute, change, code):
    with pytest.raises(RenderError) as refused:
        contribute("scale_window", {**OFFICE["scale_window"], **change})
    assert refused.value.code == code


def test_a_window_of_what_is_not_scaled_is_refused(rendered, web):
    with pytest.raises(RenderError) as refused:
        rendered(web, OFFICE)
    assert refused.value.code == "not_scaled"
