from dataclasses import replace

import pytest

from apps.contribution import RenderError

SCALED = {"autoscale": {"process": "web", "min": 2, "max": 10}}


def vertical(**params):
    return {"vertical_autoscale": {"process": "web", **params}}


def refusal(render, *blocks, **how):
    with pytest.raises(RenderError) as refused:
        render(*blocks, **how)
    return refused.value.code, refused.value.path


def test_advises_on_the_process_alone(rendered, web):
    assert rendered(web, vertical(min_cpu="10m", max_memory="1Gi"))["VerticalPodAutoscaler"]["spec"] == {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "hello-web"},
        "updatePolicy": {"updateMode": "Off"},
        "resourcePolicy": {
            "containerPolicies": [
                {
                    "containerName": "web",
                    "controlledResources": ["cpu", "memory"],
                    "controlledValues": "RequestsOnly",
                    "minAllowed": {"cpu": "10m"},
                    "maxAllowed": {"memory": "1Gi"},
                },
                {"containerName": "*", "mode": "Off"},
            ]
        },
    }


def test_a_stateful_process_is_found_by_its_kind(rendered):
    db = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "stateful": True}}
    assert rendered(db, vertical())["VerticalPodAutoscaler"]["spec"]["targetRef"]["kind"] == "StatefulSet"


@pytest.mark.parametrize("mode", ["Initial", "Recreate"])
def test_two_scalers_by_one_resource_are_refused(rendered, web, mode):
    refused = refusal(rendered, web, SCALED, vertical(mode=mode))
    assert refused == ("scalers_conflict", "vertical_autoscale(web)")
    by_memory = {"autoscale": {"process": "web", "min": 2, "max": 10, "memory_percent": 80}}
    assert refusal(rendered, web, by_memory, vertical(mode=mode, resources=["memory"]))[0] == "scalers_conflict"


def test_two_scalers_by_different_resources_go_together(rendered, web):
    assert "VerticalPodAutoscaler" in rendered(web, SCALED, vertical(mode="Recreate", resources=["memory"]))


def test_advice_fights_with_nobody(rendered, web):
    assert "VerticalPodAutoscaler" in rendered(web, SCALED, vertical())


def test_where_it_is_not_served_it_is_refused(rendered, web, target):
    without = replace(target, served=frozenset())
    assert refusal(rendered, web, vertical(), on=without) == ("kind_not_served", "vertical_autoscale(web).process")


@pytest.mark.parametrize(
    ("params", "refused"),
    [
        ({"min_cpu": "2", "max_cpu": "1"}, ("range_reversed", "vertical_autoscale(web).max_cpu")),
        ({"min_memory": "1Gi", "max_memory": "64Mi"}, ("range_reversed", "vertical_autoscale(web).max_memory")),
        ({"resources": []}, ("resources_missing", "vertical_autoscale(web).resources")),
    ],
)
def test_what_makes_no_sense_is_refused(rendered, web, params, refused):
    assert refusal(rendered, web, vertical(**params)) == refused


def test_what_runs_to_its_end_is_not_scaled(rendered, target):
    task = {"task": {"name": "web", "cpu": "50m", "memory": "64Mi"}}
    assert refusal(rendered, task, vertical())[0] == "runs_to_its_end"
