"""The config a release pinned, rendered: one immutable map for all processes, hidden by what blocks set."""

import pytest

from apps.contribution import Port
from apps.render import render, set_by_blocks
from apps.workload import RESERVED, own_contribution

WORKER = {"process": {"name": "worker", "cpu": "50m", "memory": "64Mi"}}
GREETING = {"config": {"values": {"GREETING": "from the block"}, "process": "web"}}
PINNED = {"east": {"GREETING": "from a layer", "LEVEL": "info"}, "west": {"LEVEL": "debug"}}


@pytest.fixture
def bodies(make_app, target):
    def find(kind, *items, **changes):
        found = render(make_app(*items, **changes), target).manifests
        return {each.id.name: each.body for each in found if each.id.kind == kind}

    return find


def sources(deployment):
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    return [each["configMapRef"]["name"] for each in container.get("envFrom", ())]


def test_every_process_gets_the_values_of_its_cluster(bodies, web):
    [made] = bodies("ConfigMap", web, WORKER, config=PINNED).values()
    assert (made["data"], made["immutable"]) == (PINNED["east"], True)
    assert made["metadata"]["name"].startswith("hello-layered-")
    found = bodies("Deployment", web, WORKER, config=PINNED)
    assert {name: sources(each) for name, each in found.items()} == {
        "hello-web": [made["metadata"]["name"]],
        "hello-worker": [made["metadata"]["name"]],
    }


def test_what_a_block_sets_comes_later_and_so_wins(bodies, web):
    deployment = bodies("Deployment", web, WORKER, GREETING, config=PINNED)
    maps = bodies("ConfigMap", web, WORKER, GREETING, config=PINNED)
    first, last = sources(deployment["hello-web"])
    assert (maps[first]["data"]["GREETING"], maps[last]["data"]["GREETING"]) == ("from a layer", "from the block")
    assert sources(deployment["hello-worker"]) == [first]


def test_another_value_is_another_map_and_the_old_one_comes_back(bodies, web):
    before = bodies("ConfigMap", web, config={"east": {"A": "1"}})
    assert set(before).isdisjoint(bodies("ConfigMap", web, config={"east": {"A": "2"}}))
    assert bodies("ConfigMap", web, config={"east": {"A": "1"}}) == before


def test_nothing_is_made_where_there_is_nothing(bodies, web):
    for config in ({}, {"east": {}}, {"west": {"A": "1"}}):
        assert bodies("ConfigMap", web, config=config) == {}
        assert bodies("Deployment", web, config=config) == bodies("Deployment", web)


def test_which_block_sets_what(make_app, target, web, http):
    found = set_by_blocks(make_app(web, WORKER, http, GREETING, {"secret": {"name": "database"}}), target)
    assert found == {
        "web": {"GREETING": "config(web)", "DATABASE_CA": "secret(database)", "DATABASE_URL": "secret(database)"},
        "worker": {"DATABASE_CA": "secret(database)", "DATABASE_URL": "secret(database)"},
    }


def test_what_no_layer_can_set_is_what_the_platform_sets(make_app, target, web):
    assert set(own_contribution(make_app(web), target, (Port("http", 8080, 80),)).env) == RESERVED
