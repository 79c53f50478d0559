"""What a cluster gets of replicas that are divided."""

import pytest

from apps.contribution import RenderError
from apps.render import render
from clusters.target import ClusterTarget, GatewayRef, Sharer
from tests.apps.conftest import HTTP, HTTP_ROUTE, WEB

ROUTE = {"route": {"process": "web", "host": "hello.example"}}
NAMES = ("east", "north", "west")


def web(replicas, **more):
    return {"process": {**WEB["process"], "replicas": replicas, **more}}


def on(name, routes=True):
    share = tuple(Sharer(each, routes=routes) for each in NAMES)
    gateway = GatewayRef("gateways", "public") if routes else None
    return ClusterTarget(name, "v1.34.4", served=frozenset({HTTP_ROUTE}), gateway=gateway, share=share)


@pytest.fixture
def everywhere(make_app):
    """The same blocks on each cluster: {name: {kind: body}}."""

    def bodies(*items, routes=True):
        app = make_app(*items)
        return {name: {each.id.kind: each.body for each in render(app, on(name, routes)).manifests} for name in NAMES}

    return bodies


def test_the_replicas_of_a_process_come_to_its_number(everywhere):
    found = everywhere(web(7))
    assert [found[name]["Deployment"]["spec"]["replicas"] for name in NAMES] == [3, 2, 2]


def test_those_of_a_stateful_process_too_with_a_volume_for_each(make_app):
    volume = {"volume": {"process": "web", "name": "data", "path": "/data", "size": "1Gi", "tier": "fast"}}
    target = ClusterTarget("east", "v1.34.4", storage=(("fast", "ssd"),), share=(Sharer("east"), Sharer("west")))
    found = render(make_app(web(3, stateful=True), volume), target).manifests
    assert [each.body["spec"]["replicas"] for each in found if each.id.kind == "StatefulSet"] == [2]
    assert len([each for each in found if each.id.kind == "PersistentVolumeClaim"]) == 2


def test_a_cluster_with_one_has_no_disruption_budget(everywhere):
    found = everywhere(web(4))
    assert [("PodDisruptionBudget" in found[name]) for name in NAMES] == [True, False, False]


def test_where_requests_come_in_there_is_one(everywhere):
    found = everywhere(web(3), HTTP, ROUTE)
    assert [found[name]["Deployment"]["spec"]["replicas"] for name in NAMES] == [1, 1, 1]


def test_too_few_for_the_clusters_that_lead_requests_to_it_are_refused_with_the_numbers(everywhere):
    with pytest.raises(RenderError) as refused:
        everywhere(web(2), HTTP, ROUTE)
    assert (refused.value.code, refused.value.path) == ("too_few_to_divide", "process(web).replicas")
    assert "2 cannot be divided among 3 clusters" in refused.value.message
    assert "east, north, west" in refused.value.message


def test_where_no_request_can_come_in_there_may_be_none_and_that_is_told(make_app):
    app = make_app(web(2), HTTP, ROUTE)
    found = {name: render(app, on(name, routes=False)) for name in NAMES}
    counts = {
        name: next(one.body["spec"]["replicas"] for one in each.manifests if one.id.kind == "Deployment")
        for name, each in found.items()
    }
    assert counts == {"east": 1, "north": 1, "west": 0}
    assert "web has no replica on west: 2 divided among 3 clusters" in found["west"].notes
    assert not [note for note in found["east"].notes if "no replica" in note]


def test_the_bounds_of_a_scaler_come_to_its_bounds(everywhere):
    scaled = {"autoscale": {"process": "web", "min": 4, "max": 10}}
    found = everywhere(web(1), scaled)
    specs = [found[name]["HorizontalPodAutoscaler"]["spec"] for name in NAMES]
    assert [(each["minReplicas"], each["maxReplicas"]) for each in specs] == [(2, 4), (1, 3), (1, 3)]
    assert all("replicas" not in found[name]["Deployment"]["spec"] for name in NAMES)


def test_a_scaler_needs_one_on_each(everywhere):
    with pytest.raises(RenderError) as refused:
        everywhere(web(1), {"autoscale": {"process": "web", "min": 2, "max": 10}})
    assert (refused.value.code, refused.value.path) == ("too_few_to_divide", "autoscale(web).min")


def test_another_part_replaces_no_pod(make_app):
    app = make_app(web(4))
    two = ClusterTarget("east", "v1.34.4", share=(Sharer("east"), Sharer("west")))
    five = ClusterTarget("east", "v1.34.4", share=tuple(Sharer(name) for name in ("east", "a", "b", "c", "d")))
    one, other = (
        next(each.body["spec"] for each in render(app, target).manifests if each.id.kind == "Deployment")
        for target in (two, five)
    )
    assert (one["replicas"], other["replicas"]) == (2, 0)
    assert one["template"] == other["template"]


def test_what_runs_to_its_end_runs_on_each(everywhere):
    found = everywhere(web(3), {"task": {"name": "migrate", "cpu": "50m", "memory": "64Mi"}})
    assert all("Job" in found[name] for name in NAMES)


def test_one_at_a_time_may_have_a_volume_that_each_cluster_has_once(make_app):
    volume = {
        "volume": {
            "process": "web",
            "name": "data",
            "path": "/data",
            "size": "1Gi",
            "tier": "fast",
            "access_mode": "ReadWriteOnce",
        }
    }
    target = ClusterTarget("east", "v1.34.4", storage=(("fast", "ssd"),), share=(Sharer("east"), Sharer("west")))
    assert render(make_app(web(2), volume), target).manifests
    with pytest.raises(RenderError):
        render(make_app(web(3), volume), target)
