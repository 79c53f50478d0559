"""What leads to what in an application, read out of its manifests."""

import pytest

from apps.render import render
from apps.topology import tree
from clusters.manifests import manifest


def of(kind, name, api="v1", **spec):
    return manifest({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "ns"}, "spec": spec})


@pytest.fixture
def web_tree(make_app, target, web, http):
    route = {"route": {"process": "web", "host": "hello.example"}}
    config = {"config": {"values": {"GREETING": "hi"}}}
    return tree(render(make_app(web, http, route, config), target).manifests)


def kinds(oids):
    return [oid.split("/")[1] for oid in oids]


def test_a_route_leads_to_a_service_and_that_to_a_workload(web_tree):
    assert kinds(web_tree.tops) == ["HTTPRoute"]
    [service] = web_tree.parts[web_tree.tops[0]].below
    [workload] = web_tree.parts[service].below
    assert kinds([service, workload]) == ["Service", "Deployment"]
    part = web_tree.parts[workload]
    assert part.replicas == 1
    assert part.images[0].startswith("registry.example/hello@sha256:")


def test_what_nothing_leads_to_is_the_rest(web_tree):
    assert "ConfigMap" in kinds(web_tree.rest)
    assert not {*web_tree.rest} & {*web_tree.tops}


def test_every_object_is_somewhere(web_tree):
    below = {oid for part in web_tree.parts.values() for oid in part.below}
    assert {*web_tree.tops, *web_tree.rest, *below} == {*web_tree.parts}


def test_workloads_without_a_service_stand_by_themselves():
    pod = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "img:1"}]}}
    job = of("CronJob", "nightly", "batch/v1", jobTemplate={"spec": {"template": pod}})
    found = tree([job, of("Service", "other", selector={"app": "b"}, ports=[])])
    assert kinds(found.tops) == ["Service", "CronJob"]
    assert found.parts["batch/CronJob/ns/nightly"].images == ("img:1",)
    assert found.parts["core/Service/ns/other"].below == ()


def test_a_service_without_a_selector_selects_nothing():
    pod = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": []}}
    found = tree([of("Service", "out"), of("Deployment", "a", "apps/v1", template=pod)])
    assert found.parts["core/Service/ns/out"].below == ()


def test_an_ingress_leads_to_its_services_too():
    rules = [{"http": {"paths": [{"backend": {"service": {"name": "a", "port": {"number": 80}}}}]}}]
    found = tree([of("Ingress", "in", "networking.k8s.io/v1", rules=rules), of("Service", "a", selector={"x": "y"})])
    assert kinds(found.tops) == ["Ingress"]
