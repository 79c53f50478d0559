import pytest

from apps.contribution import RenderError

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
