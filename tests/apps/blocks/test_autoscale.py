import pytest

from apps.contribution import RenderError
from apps.problems import ProblemsError

AUTOSCALE = {"autoscale": {"process": "web", "min": 2, "max": 10, "cpu_percent": 70}}


def test_scales_the_deployment(rendered, web):
    assert rendered(web, AUTOSCALE)["HorizontalPodAutoscaler"]["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "hello-web"},
        "minReplicas": 2,
        "maxReplicas": 10,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            }
        ],
    }


def test_owns_the_replicas(rendered, web):
    assert "replicas" not in rendered(web, AUTOSCALE)["Deployment"]["spec"]
    assert rendered(web)["Deployment"]["spec"]["replicas"] == 1


def test_its_least_decides_about_the_disruption_budget(rendered, web):
    one = {"autoscale": {"process": "web", "min": 1, "max": 10}}
    assert "PodDisruptionBudget" in rendered(web, AUTOSCALE)
    assert "PodDisruptionBudget" not in rendered(web, one)


def test_a_most_below_the_least_is_refused(contribute):
    with pytest.raises(RenderError) as refused:
        contribute("autoscale", {"process": "web", "min": 3, "max": 2})
    assert (refused.value.code, refused.value.path) == ("range_reversed", "max")


def test_memory_is_aimed_at_beside_the_cpu(rendered, web):
    both = {"autoscale": {"process": "web", "min": 2, "max": 10, "memory_percent": 90}}
    metrics = rendered(web, both)["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert [(each["resource"]["name"], each["resource"]["target"]["averageUtilization"]) for each in metrics] == [
        ("cpu", 80),
        ("memory", 90),
    ]


def test_how_fast_it_goes_up_and_down(rendered, web):
    calm = {
        "process": "web", "min": 2, "max": 10, "scale_up_most": "50%", "scale_up_window_seconds": 0,
        "scale_down_most": 1, "scale_down_window_seconds": 600, "period_seconds": 30,
    }  # fmt: skip
    assert rendered(web, {"autoscale": calm})["HorizontalPodAutoscaler"]["spec"]["behavior"] == {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "policies": [{"type": "Percent", "value": 50, "periodSeconds": 30}],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 600,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 30}],
        },
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"scale_up_window_seconds": 3601},
        {"scale_down_window_seconds": -1},
        {"period_seconds": 1801},
        {"period_seconds": 0},
        {"scale_up_most": "0%"},
        {"scale_down_most": 0},
        {"memory_percent": 0},
    ],
)
def test_what_no_cluster_would_take_is_refused(contribute, wrong):
    with pytest.raises(ProblemsError):
        contribute("autoscale", {"process": "web", "min": 2, "max": 10, **wrong})
