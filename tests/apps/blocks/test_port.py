import pytest

from apps.contribution import Port, RenderError


def test_gives_a_port_and_nothing_else(contribute):
    given = contribute("port", {"process": "web", "port": 8080})
    assert given.objects == ()
    assert given.processes["web"].ports == (Port(name="http", container=8080, service=80),)


def test_service_of_the_rendered_process(rendered, web, http):
    metrics = {"port": {"process": "web", "port": 9090, "name": "metrics", "service_port": 9090}}
    assert rendered(web, http, metrics)["Service"]["spec"] == {
        "type": "ClusterIP",
        "selector": {"app.kubernetes.io/name": "hello", "app.kubernetes.io/component": "web"},
        "ports": [
            {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"},
            {"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": "TCP"},
        ],
    }


def test_the_process_is_told_its_main_port(container, web, http):
    admin = {"port": {"process": "web", "port": 79, "name": "admin", "service_port": 79}}
    assert {"name": "PORT", "value": "8080"} in container(web, http, admin)["env"]
    assert {"name": "PORT", "value": "79"} in container(web, admin)["env"]


def test_no_route_leads_to_an_internal_one(rendered, web):
    inner = {"port": {"process": "web", "port": 9090, "internal": True}}
    assert rendered(web, inner)["Service"]["spec"]["ports"][0]["port"] == 80
    with pytest.raises(RenderError) as refused:
        rendered(web, inner, {"route": {"process": "web", "host": "hello.example"}})
    assert (refused.value.code, refused.value.path) == ("internal_port", "route(hello.example, /)")
