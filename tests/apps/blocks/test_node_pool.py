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


def test_a_pool_that_the_cluster_does_not_offer_is_refused(contribute):
    with pytest.raises(RenderError) as refused:
        contribute("node_pool", {"pool": "gpu"})
    assert (refused.value.code, refused.value.path) == ("pool_missing", "pool")
    assert refused.value.message == "cluster east offers no node pool gpu, only large, small"
