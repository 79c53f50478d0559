"""What people are told of an autoscaler, read off objects as clusters have them."""

import json

from clusters.scalers import scaled_at, sight

HPA = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"namespace": "demo", "name": "hello-web"},
    "spec": {
        "minReplicas": 2,
        "maxReplicas": 10,
        "metrics": [
            {"type": "Resource", "resource": {"name": name, "target": {"averageUtilization": 70}}}
            for name in ("cpu", "memory")
        ],
    },
    "status": {
        "currentReplicas": 2,
        "desiredReplicas": 4,
        "lastScaleTime": "2026-06-01T08:00:00Z",
        "currentMetrics": [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 140}}}
        ],
        "conditions": [
            {
                "type": "AbleToScale", "status": "True", "reason": "SucceededRescale",
                "message": "the HPA controller was able to update the target scale to 4\0",
                "lastTransitionTime": "2026-06-01T08:00:00Z",
            }
        ],
    },
}  # fmt: skip
VPA = {
    "apiVersion": "autoscaling.k8s.io/v1",
    "kind": "VerticalPodAutoscaler",
    "metadata": {"namespace": "demo", "name": "hello-web"},
    "status": {
        "recommendation": {
            "containerRecommendations": [
                {
                    "containerName": "web",
                    "target": {"cpu": "25m", "memory": "262144k"},
                    "lowerBound": {"cpu": "10m"},
                    "upperBound": {"cpu": "1"},
                }
            ]
        },
        "conditions": [
            {"type": "RecommendationProvided", "status": "True", "lastTransitionTime": "2026-06-01T08:00:00Z"}
        ],
    },
}


def event(at, message):
    return {"lastTimestamp": at, "message": message, "reason": "SuccessfulRescale"}


def test_a_horizontal_one_tells_replicas_metrics_and_decisions_the_newest_first():
    older, newer = (
        event("2026-06-01T07:00:00Z", "New size: 2"),
        event("2026-06-01T08:00:00Z", "New size: 4; reason: cpu"),
    )
    found = sight(HPA, [older, newer])
    assert (found["id"], found["current"], found["desired"]) == (
        "autoscaling/HorizontalPodAutoscaler/demo/hello-web", 2, 4,
    )  # fmt: skip
    assert found["metrics"] == [
        {"name": "cpu", "target": 70, "current": 140},
        {"name": "memory", "target": 70, "current": None},
    ]
    assert [each["message"] for each in found["decisions"]] == ["New size: 4; reason: cpu", "New size: 2"]
    assert scaled_at(HPA) == "2026-06-01T08:00:00Z"
    assert "\\u0000" not in json.dumps(found)


def test_a_vertical_one_tells_its_advice():
    assert sight(VPA)["advice"] == [
        {
            "container": "web",
            "target": {"cpu": "25m", "memory": "262144k"},
            "least": {"cpu": "10m"},
            "most": {"cpu": "1"},
        }
    ]


def test_one_that_nobody_has_looked_at_tells_nothing_and_breaks_nothing():
    for body in (HPA, VPA):
        bare = {key: value for key, value in body.items() if key != "status"}
        assert sight({**bare, "status": {"conditions": "odd", "currentMetrics": [None]}})["conditions"] == []


def test_other_objects_say_nothing_of_scaling():
    assert sight({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}) is None
    assert sight({"apiVersion": "example.org/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"}}) is None
