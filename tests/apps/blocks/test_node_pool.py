import pytest

from apps.contribution import RenderError

LARGE = {"node_pool": {"pool": "large"}}


def test_the_pod_goes_to_the_pool_and_may_stay_there(rendered, web):
    pod = rendered(web, LARGE)["Deployment"]["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"dougong.dev/node-pool": "large"}
    assert pod["tolerations"] == [
        {"key": "dougong.dev/node-pool", "operator": "Equal", "value": "large", "effect": "NoSchedule"}
    ]


def test_two_pools_are_refused(rendered, web):
    with pytest.raises(RenderError) as refused:
        rendered(web, LARGE, {"node_pool": {"pool": "small", "process": "web"}})
    assert refused.value.code == "node_pool_conflict"
