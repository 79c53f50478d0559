from dataclasses import replace

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


@pytest.fixture
def of_the_team(target):
    """Its pods go to `small`, and where they ask for it to `large`."""
    return replace(target, team_pools=("small", "large"))


def pods(rendered):
    return {
        kind: body["spec"]["template"]["spec"]
        if kind != "CronJob"
        else body["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for kind, body in rendered.items()
        if kind in ("Deployment", "CronJob", "Job")
    }


def test_whatever_runs_goes_to_the_team_s_pool(rendered, web, of_the_team):
    schedule = {"schedule": {"name": "report", "schedule": "30 3 * * *", "cpu": "50m", "memory": "64Mi"}}
    task = {"task": {"name": "migrate", "cpu": "50m", "memory": "64Mi"}}
    found = pods(rendered(web, schedule, task, on=of_the_team))
    assert set(found) == {"Deployment", "CronJob", "Job"}
    for pod in found.values():
        assert pod["nodeSelector"] == {"dougong.dev/node-pool": "small"}
        assert [each["value"] for each in pod["tolerations"]] == ["small"]


def test_what_names_another_that_the_team_may_use_goes_there(rendered, web, of_the_team):
    assert pods(rendered(web, LARGE, on=of_the_team))["Deployment"]["nodeSelector"] == {
        "dougong.dev/node-pool": "large"
    }


def test_one_that_the_team_may_not_use_is_refused(rendered, web, of_the_team):
    with pytest.raises(RenderError) as refused:
        rendered(web, LARGE, on=replace(of_the_team, team_pools=("small",)))
    assert (refused.value.code, refused.value.path) == ("pool_not_allowed", "node_pool.pool")
    assert refused.value.message == "on cluster east the team may use small alone"


def test_a_team_s_pool_that_the_cluster_does_not_offer_is_refused(rendered, web, of_the_team):
    with pytest.raises(RenderError) as refused:
        rendered(web, on=replace(of_the_team, team_pools=("gpu",)))
    assert refused.value.code == "pool_missing"


def test_what_holds_for_a_team_is_no_fact_of_the_cluster(target, of_the_team):
    assert (of_the_team.digest, of_the_team.to_json()) == (target.digest, target.to_json())
